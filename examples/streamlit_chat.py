"""A chat in the browser: ``streamlit run streamlit_chat.py``. The user reads names, the model placeholders."""

from __future__ import annotations

import uuid

import streamlit as st
from shown import chat_model

from lc_guard import Guard, protect  # guard


@st.cache_resource
def protected_model():  # noqa: ANN201 - a chat model of LangChain
    """Return one model for all users; each has a session of its own."""
    return protect(chat_model(), Guard())  # guard


st.title("Ask about a patient")
state = st.session_state
conversation = state.setdefault("conversation", str(uuid.uuid4()))
turns = state.setdefault("turns", [])
for role, text in turns:
    st.chat_message(role).write(text)

if question := st.chat_input("Your question"):
    st.chat_message("user").write(question)
    turns.append(("user", question))
    config = {"configurable": {"session_id": conversation}}  # guard
    answer = protected_model().stream(turns, config)
    with st.chat_message("assistant"):
        turns.append(("assistant", st.write_stream(chunk.text for chunk in answer)))
