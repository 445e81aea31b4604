"""An assistant that writes e-mails and waits for a human's approval. The person who approves sees real text.

What is stored in between holds placeholders: the checkpointer is guarded too.
"""

from __future__ import annotations

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from shown import chat_model

from lc_guard import Guard, GuardCheckpointer, GuardMiddleware  # guard


@tool
def send_email(to: str, text: str) -> str:
    """Send an e-mail."""
    print(f"  tool | send_email({to!r}, {text!r})")
    return f"Sent to {to}"


guard = Guard()
agent = create_agent(
    chat_model(),
    [send_email],
    middleware=[GuardMiddleware(guard, state="anonymized"), HumanInTheLoopMiddleware({"send_email": True})],  # guard
    checkpointer=GuardCheckpointer(InMemorySaver(), guard=guard),  # guard
)

if __name__ == "__main__":
    config = {"configurable": {"thread_id": "mail-1"}}
    task = "Tell Jane O'Hara (jane.ohara@example.org) that her appointment with Dr. Liam Oduya is moved to Monday."
    waiting = agent.invoke({"messages": [("user", task)]}, config)
    for asked in waiting["__interrupt__"][0].value["action_requests"]:
        print(f"approve? | {asked['name']}({asked['args']})")
    answer = agent.invoke(Command(resume={"decisions": [{"type": "approve"}]}), config)
    print(f"answer | {answer['messages'][-1].text}")
