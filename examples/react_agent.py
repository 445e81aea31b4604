"""An agent with a tool: the tool gets the real name, the model never does."""

from __future__ import annotations

from langchain.agents import create_agent
from langchain_core.tools import tool
from shown import chat_model

from lc_guard import Guard, GuardMiddleware  # guard


@tool
def find_orders(customer: str) -> str:
    """Find the orders of a customer."""
    print(f"  tool | find_orders({customer!r})")
    return f"{customer}: order 4711, delivered; receipt went to jane.ohara@example.org"


agent = create_agent(
    chat_model(),
    [find_orders],
    system_prompt="You help the support team of a shop.",
    middleware=[GuardMiddleware(Guard())],  # guard
)

if __name__ == "__main__":
    config = {"configurable": {"thread_id": "ticket-1"}}
    answer = agent.invoke({"messages": [("user", "What did Jane O'Hara order?")]}, config)
    print(f"answer | {answer['messages'][-1].text}")
