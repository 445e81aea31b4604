"""A deep agent that hands work to a sub-agent: both see placeholders."""

from __future__ import annotations

from deepagents import create_deep_agent
from shown import chat_model

from lc_guard import Guard, GuardMiddleware, protect  # guard
from lc_guard.langchain import guarded_subagents

guard = Guard()
middleware = GuardMiddleware(guard)
agent = create_deep_agent(
    model=protect(chat_model(), guard),  # guard
    middleware=[middleware],
    subagents=guarded_subagents(middleware),  # guard
)

if __name__ == "__main__":
    config = {"configurable": {"thread_id": "research-1"}}
    task = "Have somebody write two lines about Jane O'Hara, who lives at 12 Harbour Street, Boston."
    answer = agent.invoke({"messages": [("user", task)]}, config)
    print(f"answer | {answer['messages'][-1].text}")
