"""A supervisor with a worker: one guard, so that a placeholder means the same person to both."""

from __future__ import annotations

from langchain.agents import create_agent
from langchain_core.tools import tool
from langgraph_supervisor import create_supervisor
from shown import chat_model

from lc_guard import Guard, protect  # guard


@tool
def balance(customer: str) -> str:
    """Look up the balance of a customer."""
    print(f"  tool | balance({customer!r})")
    return f"The balance of {customer} is 120 euros."


model = protect(chat_model(), Guard())  # guard
worker = create_agent(model, [balance], name="accounts", system_prompt="You look up balances.")
app = create_supervisor([worker], model=model, prompt="Ask accounts about money, then answer.").compile()

if __name__ == "__main__":
    config = {"configurable": {"thread_id": "case-1"}}
    answer = app.invoke({"messages": [("user", "How much money does Jane O'Hara have?")]}, config)
    print(f"answer | {answer['messages'][-1].text}")
