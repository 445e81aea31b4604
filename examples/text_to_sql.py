"""Questions about a database. The model writes SQL with placeholders; the query runs with the real values, escaped."""

from __future__ import annotations

import sqlite3

from langchain.agents import create_agent
from langchain_core.tools import tool
from shown import chat_model

from lc_guard import Guard, GuardMiddleware  # guard

database = sqlite3.connect(":memory:", check_same_thread=False)
database.executescript(
    """
    CREATE TABLE patients (name TEXT, ward TEXT);
    INSERT INTO patients VALUES ('Jane O''Hara', 'B2'), ('Liam Oduya', 'A1');
    """
)


@tool
def run_sql(query: str) -> str:
    """Run a query on patients(name, ward)."""
    print(f"  tool | {query}")
    return str(database.execute(query).fetchall())


agent = create_agent(chat_model(), [run_sql], middleware=[GuardMiddleware(Guard())])  # guard

if __name__ == "__main__":
    config = {"configurable": {"thread_id": "question-1"}}
    answer = agent.invoke({"messages": [("user", "On which ward is Jane O'Hara?")]}, config)
    print(f"answer | {answer['messages'][-1].text}")
