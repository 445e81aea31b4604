"""Methods of LangChain and LangGraph that were looked at: what our classes may inherit without overriding it.

Each leads to what the class that inherits it overrides, or touches no text. A method that stands in no list here raises
when it is called on one of our classes (`lc_guard._vendors.seals.Seal.close`). Reviewed with langchain-core 1.4 to
1.8.3 and langgraph-checkpoint 4.1 to 4.3.2; to add a name, read the method, and have a test look at what the provider
receives.
"""

from __future__ import annotations

RUNNABLE = frozenset(
    """
    __repr_args__ _abatch_with_config _acall_with_config _astream_events_implementation_v2 _astream_events_v1_v2
    _astream_events_v3_unsupported _astream_log_implementation _atransform_stream_with_config _batch_with_config
    _call_with_config _transform_stream_with_config abatch abatch_as_completed ainvoke as_tool assign astream
    astream_events astream_log atransform batch batch_as_completed bind config_schema configurable_alternatives
    configurable_fields get_config_jsonschema get_graph get_input_jsonschema get_input_schema get_name
    get_output_jsonschema get_output_schema get_prompts invoke map pick pipe stream stream_events to_json
    to_json_not_implemented transform with_alisteners with_config with_fallbacks with_listeners with_retry with_types
    """.split()  # noqa: SIM905 - a list of names is read more easily so
)
"""Of `Runnable`: drivers that call ``invoke``, ``stream`` or ``transform`` and twins; what composes or describes."""

CHAT_MODEL = RUNNABLE | frozenset(
    """
    _add_version _agenerate_with_cache _aiter_v2_events _areplay_v2_events_for_cache_hit _call_async
    _check_profile_keys _combine_llm_outputs _convert_cached_generations _convert_input _dict_for_compat
    _generate_with_cache _get_llm_string _get_ls_params_with_defaults _iter_v2_events
    _replay_v2_events_for_cache_hit _resolve_model_profile _set_model_profile _should_use_protocol_streaming
    agenerate_prompt asdict dict generate_prompt
    """.split()  # noqa: SIM905 - a list of names is read more easily so
)
"""Of `BaseChatModel`: drivers that call ``generate``, ``_generate``, ``_stream`` or their async twins."""

RETRIEVER = RUNNABLE | {"_get_ls_params"}
"""Of `BaseRetriever`: what names it to tracers."""

CHECKPOINTER = frozenset(
    ["acopy_thread", "aget", "aget_delta_channel_history", "copy_thread", "get", "get_delta_channel_history"]
)
"""Of `BaseCheckpointSaver`: they read through ``get_tuple``; copying a thread is not implemented there."""
