"""A chatbot over documents in Chroma. Neither the embeddings' provider nor the model is sent a name."""

from __future__ import annotations

from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough
from shown import chat_model, embeddings

from lc_guard import Guard, ProtectedEmbeddings, protect  # guard

RECORDS = [
    Document("Jane O'Hara, born 4 May 1961, was seen for a fracture of the left wrist.", metadata={"ward": "B2"}),
    Document("Liam Oduya is treated for asthma and may go home on Friday.", metadata={"ward": "A1"}),
]
guard = Guard()
store = Chroma("records", ProtectedEmbeddings(embeddings(), guard, session_id="records"))  # guard
prompt = ChatPromptTemplate.from_template("Answer from these records:\n{records}\n\nQuestion: {question}")
chain = protect(  # guard
    {"records": store.as_retriever(search_kwargs={"k": 1}), "question": RunnablePassthrough()} | prompt | chat_model(),
    guard,
)

if __name__ == "__main__":
    store.add_documents(RECORDS)
    answer = chain.invoke("For which fracture was Jane O'Hara seen?", {"configurable": {"session_id": "visit-1"}})
    print(f"answer | {answer.text}")
