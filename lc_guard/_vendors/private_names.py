"""The private names of other libraries that this package rests on, since there is no public way: all of them.

Where one is gone, the seam that reads it raises `SeamBroken` (`lc_guard._vendors.seals.Seal.private`), or what it led
to fails closed, as its line says. ``tests/seals/test_private_names.py`` holds the list against the code and against
what is installed. A name on an instance only, which no class shows, is written with ``()``.
"""

from __future__ import annotations

from types import MappingProxyType

_MODEL = "langchain_core.language_models:BaseChatModel."
_RUNNABLE = "langchain_core.runnables:Runnable."
_STREAMING = "langchain_core.tracers._streaming:"
_LANGFUSE = "langfuse:Langfuse()."
_HANDLER = "langfuse.langchain:CallbackHandler"
_MANAGER = "langfuse._client.resource_manager:LangfuseResourceManager"

PRIVATE_NAMES = MappingProxyType(
    {
        _MODEL
        + "_generate_with_cache": "asked on the protected model: as LangChain asks a model once; else SeamBroken",
        _MODEL + "_agenerate_with_cache": "the same, async",
        _MODEL + "_chat_model_stream_v3": "overridden, and asked on a copy of one call; else SeamBroken",
        _MODEL + "_achat_model_stream_v3": "the same, async",
        _MODEL + "_convert_input": "called on itself: LangChain's one way from any input to messages; else an error",
        _MODEL + "_should_stream": "overridden to do as the inner model; gone, streams come in one piece",
        _MODEL + "_streaming_disabled": "overridden to do as the inner model; gone, streams come in one piece",
        _MODEL + "_get_ls_params": "overridden to name the inner model to tracers; gone, they see another name",
        _MODEL + "_get_invocation_params": "overridden to name the inner model's settings to tracers",
        _RUNNABLE + "_call_with_config": "how LangChain's own Runnables make a run of a call; gone, an error",
        _RUNNABLE + "_acall_with_config": "the same, async",
        _RUNNABLE + "_batch_with_config": "the same for a batch",
        _RUNNABLE + "_abatch_with_config": "the same for a batch, async",
        _RUNNABLE + "_transform_stream_with_config": "the same for a stream",
        _RUNNABLE + "_atransform_stream_with_config": "the same for a stream, async",
        _STREAMING + "_StreamingCallbackHandler": "hands a stream to the application, not to a tracer; else SeamBroken",
        _STREAMING + "_V2StreamingCallbackHandler": "the same",
        "langchain.chat_models.base:_ConfigurableModel": "known by its name; under another one protect() refuses it",
        "langchain.chat_models.base:_ConfigurableModel._model": "the model that a config chooses; else SeamBroken",
        "langgraph._internal._constants:CONFIG_KEY_CHECKPOINTER": "names the saver of a run; else SeamBroken",
        "onnxruntime:InferenceSession()._model_bytes": "bytes that it needs no more are freed; gone, nothing is",
        "presidio_analyzer.nlp_engine:SpacyNlpEngine._doc_to_nlp_artifact": "made of words alone; gone, an error",
        _LANGFUSE + "_resources": "what a client was made with, its mask too; else SeamBroken",
        _LANGFUSE + "_tracing_enabled": "whether it sends at all; gone, no handler can be made",
        _MANAGER + "._instances": "which clients there are; else SeamBroken, and no score of a leak",
        _MANAGER + "()._score_queue": "how many scores wait at the end of a process; gone, they are not waited for",
        _MANAGER + "()._score_ingestion_queue": "the same in SDK 4",
        _MANAGER + "()._score_consumers": "woken at the end of a process; gone, they are not",
        _HANDLER + "()._langfuse_client": "the handler's client, whose mask is looked at; gone, no handler can be made",
        _HANDLER + "()._runs": "run → observation, for scores; gone, no score is written",
        _HANDLER + "._get_observation_type_from_serialized": "overridden: agents of any name; gone, they are chains",
        _HANDLER + "._get_error_level_and_status_message": "overridden: foreign messages are withheld; a test sees it",
        "langfuse:LangfuseGuardrail()._otel_span": "when a check's span began; else our clock counts",
        "langsmith:Client()._anonymizer": "whether a client is masked; gone, we warn too often",
        "langsmith.run_trees:_CLIENT": "the client that was set in code; gone, we warn too often",
        "llm_guard.input_scanners.anonymize_helpers.analyzer:_get_nlp_engine": "replaced by a blank one; else an error",
        "llm_guard.output_scanners:Sensitive()._analyzer": "its recognizers are tuned; gone, an error",
        "llm_guard.input_scanners:Secrets()._redact_mode": "how it redacts; gone, the check fails closed",
        "llm_guard.input_scanners:Regex()._patterns": "which stretches it took out; gone, its own text is taken",
        "llm_guard.input_scanners:Regex()._match_type": "whether they must be the whole text; gone, they need not",
        "llm_guard.output_scanners:Regex()._scanner": "the one of the input side that it asks; gone, as _patterns",
        "rich._export_format:CONSOLE_SVG_FORMAT": "the frame of the demo's picture; no text passes it",
    }
)
"""Where the name stands, as ``module:Class.name``, and what it is for."""
