"""The list of the mutants: what is broken where, and which tests must see it.

A mutant names its place by a snippet that stands exactly once in its file. Where code has moved, change the paths
below; where a snippet is gone, find the place that does the same now: the script refuses a mutant that it can't place.
"""

from __future__ import annotations

from dataclasses import dataclass

AGENT_REQUESTS = "lc_guard/langchain/agent_requests.py"
ANALYZER = "lc_guard/_engine/analyzer.py"
ANONYMIZER = "lc_guard/_engine/anonymizer.py"
CACHES = "lc_guard/_engine/caches.py"
DECISIONS = "lc_guard/_engine/scanner_run.py"
PIPELINE = "lc_guard/_engine/pipeline.py"
REQUESTS = "lc_guard/_engine/requests.py"
RUNNER = "lc_guard/_engine/thread_runner.py"
SCAN_PHASE = "lc_guard/_engine/scan_phase.py"
CALLBACKS = "lc_guard/langchain/callbacks.py"
CHECKPOINTS = "lc_guard/langchain/checkpointer.py"
STORED_VALUES = "lc_guard/langchain/stored_values.py"
DOCUMENTS = "lc_guard/langchain/documents.py"
GUARD = "lc_guard/guard.py"
GUARD_SESSION = "lc_guard/guard_session.py"
LANGFUSE_MASKS = "lc_guard/langfuse/masks.py"
MASKING = "lc_guard/observability/span_mask.py"
SESSION_FINDERS = "lc_guard/observability/session_finders.py"
SPAN_ATTRIBUTES = "lc_guard/observability/span_attributes.py"
MEMORY_VAULT = "lc_guard/vaults/memory.py"
CONTENT_BLOCKS = "lc_guard/langchain/content_blocks.py"
MESSAGES = "lc_guard/langchain/messages.py"
MIDDLEWARE = "lc_guard/langchain/middleware.py"
MODEL_CALLS = "lc_guard/langchain/chat_model_call.py"
CHAT_MODEL = "lc_guard/langchain/chat_model.py"
CHAT_MODEL_STREAM = "lc_guard/langchain/chat_model_stream.py"
OTEL = "lc_guard/observability/otel.py"
RESTORERS = "lc_guard/langchain/restore.py"
RESTORING = "lc_guard/_placeholders/restorer.py"
RETRIEVERS = "lc_guard/langchain/retriever.py"
RUNNABLES = "lc_guard/langchain/runnables.py"
SESSIONS = "lc_guard/sessions.py"
SEALS = "lc_guard/_vendors/seals.py"
SELF_TEST = "lc_guard/langchain/self_test.py"
STEPS = "lc_guard/langchain/steps.py"
TOOL_CALLS = "lc_guard/langchain/tools.py"
VAULT_SEALING = "lc_guard/vaults/keys.py"


@dataclass(frozen=True)
class Mutant:
    """A fault.

    Attributes:
        seam: What it is put into.
        fault: What goes wrong.
        file: Where.
        old: A snippet that stands there once.
        new: What stands for it.
        tests: The tests that are run: files, or node ids without parameters.
    """

    seam: str
    fault: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def _mutant(seam: str, fault: str, file: str, old: str, new: str, *tests: str) -> Mutant:
    return Mutant(seam, fault, file, old, new, tests)


STREAMS = "tests/langchain/test_agents_streams.py::test_real_outside_placeholders_inside"
EVERY_MODE = "tests/langchain/test_chat_model.py::test_every_mode"
CHECKPOINTED = "tests/langchain/test_checkpointer.py::test_the_store_holds_placeholders_and_the_reader_real_text"
CHECKPOINTED_ASYNC = "tests/langchain/test_checkpointer.py::test_async"
README = "tests/test_readme.py::test_the_examples_print_what_the_readme_says_and_send_no_value"
NOTEBOOKS = "tests/test_notebooks.py::test_runs_as_it_is_kept_and_sends_models_no_value"
STEP_MODES = "tests/langchain/test_runnables.py::test_both_steps_in_every_mode"

MUTANTS = (
    # seals: each turned off
    _mutant("seal", "a method that nobody reviewed passes", SEALS,
            "setattr(ours, name, self._refusing(", "str(self._refusing(", "tests/seals/test_drivers.py"),
    _mutant("seal", "a hook that is gone passes", SEALS,
            "self.require(not gone,", "self.require(True,",
            "tests/seals/test_middleware.py::test_a_hook_that_is_gone"),
    _mutant("seal", "a new hook passes", SEALS,
            "self.require(not others,", "self.require(True,",
            "tests/seals/test_middleware.py::test_a_hook_that_is_new"),
    _mutant("seal", "a request's model is given as it was put in", AGENT_REQUESTS,
            'return self.protect(vars(self)["model"])', 'return vars(self)["model"]',
            "tests/seals/test_middleware.py::test_a_model_put_in_later_is_protected"),
    _mutant("seal", "what comes after the guard is not watched", MIDDLEWARE,
            "var_child_runnable_config.set(watched)", "var_child_runnable_config.set(config)",
            "tests/seals/test_middleware.py"),
    _mutant("seal", "a refusal that was swallowed is forgotten", MIDDLEWARE,
            "var_child_runnable_config.reset(before)\n        watch.raise_if_refused()",
            "var_child_runnable_config.reset(before)",
            "tests/seals/test_middleware.py::"
            "test_a_middleware_that_asks_by_itself_is_refused_also_where_it_swallows_the_error"),
    _mutant("seal", "arguments put back reach an outside tool", AGENT_REQUESTS,
            'if self.boundary.exposes(call["args"]):', "if False:",
            "tests/seals/test_middleware.py::"
            "test_arguments_that_a_middleware_puts_back_do_not_reach_a_tool_of_placeholders"),
    _mutant("seal", "the first run proves nothing (sync)", MIDDLEWARE,
            'prove_agents(GuardMiddleware, "sync")', "pass", "tests/seals/test_self_test.py"),
    _mutant("seal", "the first run proves nothing (async)", MIDDLEWARE,
            'await asyncio.to_thread(prove_agents, GuardMiddleware, "async")', "pass",
            "tests/seals/test_self_test.py"),
    _mutant("seal", "a checkpointer that is not known passes", MIDDLEWARE,
            "if saver is not None and not stores", "if hasattr(saver, 'put') and not stores",
            "tests/seals/test_installations.py"),
    _mutant("seal", "the self-test passes whatever was found", SELF_TEST,
            "error is None, (time", "True, (time", "tests/seals/test_self_test.py"),
    _mutant("seal", "the self-test raises nothing", SELF_TEST,
            'if on_failure == "raise":', "if False:", "tests/seals/test_self_test.py"),
    # agents
    _mutant(
        "GuardMiddleware", "hides nothing (sync)", MIDDLEWARE,
        "return handler(self._guarded(request, config))", "return handler(request)", STREAMS,
    ),
    _mutant(
        "GuardMiddleware", "hides nothing (async)", MIDDLEWARE,
        "await handler(self._guarded(request, config))", "await handler(request)", STREAMS,
    ),
    _mutant(
        "GuardMiddleware", "lets the model through: the README must notice", MIDDLEWARE,
        "return isinstance(model, ProtectedChatModel) and model.guard is self.guard", "return model is not None",
        README,
    ),
    _mutant(
        "GuardMiddleware", "lets the model through: a notebook must notice", MIDDLEWARE,
        "return isinstance(model, ProtectedChatModel) and model.guard is self.guard", "return model is not None",
        f"{NOTEBOOKS}[03_agents_and_tools.ipynb]",
    ),
    _mutant(
        "GuardMiddleware", "one session for all runs", MIDDLEWARE,
        "return conversation_key(self.guard, configured_session(config, self._session_id), _NO_SESSION)",
        'return "everybody"',
        "tests/langchain/test_middleware.py::test_session",
    ),
    _mutant(
        "GuardMiddleware", "takes any checkpointer for one that hides", MIDDLEWARE,
        'if self.state == "original":', "if self.state:",
        "tests/langchain/test_agents_state.py::test_a_checkpointer_that_would_hold_real_text_is_refused",
    ),
    _mutant(
        "tools", "an outside tool gets real values", TOOL_CALLS,
        "hidden = map_texts(self._args, outcome.hide)", "hidden = self._args",
        "tests/langchain/test_agents_tools.py::test_an_outside_tool_gets_placeholders_its_neighbour_real_values",
    ),
    _mutant(
        "tools", "a page fetches any value of the session", TOOL_CALLS,
        "if any(token in text for text in texts)}", "}",
        "tests/langchain/test_agents_tools.py::test_a_page_can_not_fetch_values_that_it_was_not_sent",
    ),
    _mutant(
        "tools", "results are judged by nobody", TOOL_CALLS,
        "if not self._policy.scans(self._tool):", "if self._tool:",
        "tests/langchain/test_scanners.py::test_an_injected_tool_result_reaches_no_model",
    ),
    _mutant(
        "tools", "a blocked result goes on", TOOL_CALLS,
        "outcome.raise_if_blocked()\n        return _changed(result, outcome.clean) if outcome.cleaned else result",
        "return result",
        "tests/langchain/test_agents_tools.py::test_a_blocked_result_stops_the_agent",
    ),
    # protect(model)
    _mutant(
        "protect(model)", "hides nothing (whole answers)", CHAT_MODEL,
        "(aask if call.waits else ask)(hidden,", "(aask if call.waits else ask)(asked,", EVERY_MODE,
    ),
    _mutant(
        "protect(model)", "hides nothing (stream)", CHAT_MODEL_STREAM,
        "hidden.model.stream(hidden.messages,", "self.inner.stream(messages,", EVERY_MODE,
    ),
    _mutant(
        "protect(model)", "hides nothing (astream)", CHAT_MODEL_STREAM,
        "hidden.model.astream(hidden.messages,", "self.inner.astream(messages,", EVERY_MODE,
    ),
    _mutant(
        "protect(model)", "hides nothing (stream): a notebook must notice", CHAT_MODEL_STREAM,
        "hidden.model.stream(hidden.messages,", "self.inner.stream(messages,", f"{NOTEBOOKS}[05_streaming.ipynb]",
    ),
    _mutant(
        "protect(model)", "judges no answer", CHAT_MODEL,
        "[await call.judge(message, run) for message in messages_of(answer)]", "messages_of(answer)",
        "tests/langchain/test_scanners.py::test_a_protected_model_ends_the_turn",
    ),
    _mutant(
        "protect(model)", "judges no stream", CHAT_MODEL_STREAM,
        "yield from map(call.feed, call.judge_stream(told, run))", "yield from map(call.feed, told)",
        "tests/langchain/test_scanners.py::test_a_protected_model_streams_as_the_policy_says",
        "tests/langchain/test_scanners.py::test_a_protected_model_ends_the_turn",
    ),
    _mutant(
        "protect(model)", "restores twice", MODEL_CALLS,
        "restored = self._whole.value(message)", "restored = self._whole.value(self._whole.value(message))",
        "tests/langchain/test_chat_model.py::test_what_was_restored_is_not_restored_again",
    ),
    _mutant(
        "protect(model)", "a blocked prompt goes on", MODEL_CALLS,
        "outcome.raise_if_blocked()\n"
        "        texts = map_texts(asked.read, outcome.hide, beside=outcome.hide)",
        "texts = asked.read",
        "tests/langchain/test_chat_model.py::test_a_blocked_prompt_never_reaches_the_model",
    ),
    _mutant(
        "protect(model)", "all calls without a session share one", SESSIONS,
        'f"{_OWN}{uuid.uuid4().hex}"', '"lc-guard-call"',
        "tests/langchain/test_chat_model.py::test_sessions", "tests/langchain/test_boundary.py",
    ),
    _mutant(
        "protect(model)", "a call's own session is kept", SESSIONS,
        "self._guard.session(self.id).forget()", "pass",
        "tests/langchain/test_chat_model.py::test_sessions", "tests/langchain/test_boundary.py",
    ),
    _mutant(
        "protect(model)", "a call's own session is kept (async)", SESSIONS,
        "await self._guard.session(self.id).aforget()", "pass",
        "tests/langchain/test_chat_model.py::test_sessions", "tests/langchain/test_boundary.py",
    ),
    _mutant(
        "protect(model)", "skips what is held at the end of a stream", CHAT_MODEL_STREAM,
        "yield from call.flush()\n                except Blocked", "pass\n                except Blocked",
        "tests/langchain/test_chat_model.py::test_what_is_held_comes_at_the_end_of_a_stream_that_does_not_say_so",
    ),
    _mutant(
        "protect(model)", "skips what is held at the end of a stream (async)", CHAT_MODEL_STREAM,
        "yield piece\n                except Blocked", "pass\n                except Blocked",
        "tests/langchain/test_chat_model.py::test_what_is_held_comes_at_the_end_of_a_stream_that_does_not_say_so",
    ),
    # chains
    _mutant(
        "Anonymize", "hides nothing", STEPS,
        "map_texts(value, outcome.hide, keys=self.keys, beside=beside)", "value", STEP_MODES,
    ),
    _mutant(
        "Anonymize", "hides nothing: the README must notice", STEPS,
        "map_texts(value, outcome.hide, keys=self.keys, beside=beside)", "value", README,
    ),
    _mutant(
        "Anonymize", "hides nothing (ainvoke)", STEPS,
        "return _only(await self._acheck([value], [run_manager], [config]))", "return value", STEP_MODES,
    ),
    _mutant(
        "Anonymize", "a blocked prompt goes on", REQUESTS,
        "raise Blocked(decision, self.reason)", "return", "tests/test_guard.py", "tests/langchain/test_runnables.py",
    ),
    _mutant(
        "Deanonymize", "judges no answer", RUNNABLES,
        "value = self.answer(config, run_manager).judge(value, run_manager)", "pass",
        "tests/langchain/test_output.py::test_a_harmful_answer_is_not_shown",
    ),
    _mutant(
        "sessions", "thread_id goes before session_id", SESSIONS,
        'for name in ("session_id", "thread_id")', 'for name in ("thread_id", "session_id")',
        "tests/langchain/test_runnables.py::test_session_ids", "tests/langchain/test_middleware.py::test_session",
    ),
    _mutant(
        "sessions", "no session id is a session of its own", SESSIONS,
        "if session_id is None:\n        raise SessionMissing", 'if session_id is None:\n        return "nobody"',
        "tests/langchain/test_runnables.py::test_no_session_is_an_error_with_three_remedies",
    ),
    _mutant(
        "Deanonymize", "judges no answer (async)", RUNNABLES,
        "value = await self.answer(config, run_manager).ajudge(value, run_manager)", "pass",
        "tests/langchain/test_output.py::test_a_harmful_answer_is_not_shown",
    ),
    _mutant(
        "Deanonymize", "judges no stream", RUNNABLES,
        "            chunks = self.answer(config, run_manager).stream(chunks, run_manager)\n        inside",
        "            pass\n        inside",
        "tests/langchain/test_output.py::test_a_harmful_answer_is_not_shown",
    ),
    _mutant(
        "Deanonymize", "skips what is held at the end of a stream", RUNNABLES,
        "yield from restorer.flush()\n            except Exception as error",
        "pass\n            except Exception as error",
        "tests/langchain/test_runnables.py::test_odd_texts_come_back_exactly",
    ),
    _mutant(
        "sessions", "a batch has the session of its first item", STEPS,
        "jobs[number] = self.job(value, config)", "jobs[number] = self.job(value, configs[0])",
        "tests/langchain/test_runnables.py::test_one_bad_item_does_not_fail_the_others",
    ),
    # what is walked
    _mutant(
        "messages", "system prompts are not hidden", MESSAGES,
        '{"content": self.content(message.content, depth + 1)}',
        '{"content": message.content if message.type == "system" else self.content(message.content, depth + 1)}',
        "tests/langchain/test_chat_model.py::test_the_whole_history_is_hidden",
    ),
    _mutant(
        "messages", "content is hidden, arguments of tool calls are not", MESSAGES,
        'for name in ("tool_calls", "invalid_tool_calls", "tool_call_chunks"):', "for name in ():",
        "tests/langchain/test_messages.py::test_tool_calls",
    ),
    _mutant(
        "messages", "content blocks are not hidden", MESSAGES,
        "walk_block(self, item, depth + 1) if isinstance(item, Mapping)", "item if isinstance(item, Mapping)",
        "tests/langchain/test_messages.py::test_content_blocks",
    ),
    _mutant(
        "messages", "artifacts of tools are not hidden", MESSAGES,
        "others = extra if held.get(\"artifact\") is None else", "others = extra if True else",
        "tests/langchain/test_messages.py",
    ),
    _mutant(
        "messages", "JSON in arguments is not hidden", CONTENT_BLOCKS,
        'return walk.json(item, tool=str(block.get("name") or ""))', "return item", "tests/langchain/test_messages.py",
    ),
    # checkpoints
    _mutant(
        "GuardCheckpointer", "put hides nothing", CHECKPOINTS,
        "return self.saver.put(config, *walk.changed(outcome.hide)", "return self.saver.put(config, *walk.changed(str)",
        CHECKPOINTED,
    ),
    _mutant(
        "GuardCheckpointer", "aput hides nothing", CHECKPOINTS,
        "self.saver.aput(config, *walk.changed(outcome.hide)", "self.saver.aput(config, *walk.changed(str)",
        CHECKPOINTED_ASYNC,
    ),
    _mutant(
        "GuardCheckpointer", "put_writes hides nothing", CHECKPOINTS,
        "self.saver.put_writes(config, walk.changed(outcome.hide)", "self.saver.put_writes(config, walk.changed(str)",
        CHECKPOINTED,
    ),
    _mutant(
        "GuardCheckpointer", "aput_writes hides nothing", CHECKPOINTS,
        "self.saver.aput_writes(config, walk.changed(outcome.hide)", "self.saver.aput_writes(config, walk.changed(str)",
        CHECKPOINTED_ASYNC,
    ),
    _mutant(
        "GuardCheckpointer", "metadata is not hidden", CHECKPOINTS,
        "name: value if name in _LANGGRAPHS_OWN else", "name: value if name else",
        "tests/langchain/test_checkpointer.py::test_metadata",
    ),
    _mutant(
        "GuardCheckpointer", "errors are not hidden", STORED_VALUES,
        "return self.change(repr(value))", "return repr(value)",
        "tests/langchain/test_checkpointer.py::test_errors_are_stored_without_values",
    ),
    # documents
    _mutant(
        "AnonymizeDocuments", "hides nothing", DOCUMENTS,
        "change_document(document, outcome.hide, self._fields)", "document",
        "tests/langchain/test_documents.py::test_content_and_chosen_metadata_are_hidden_and_nothing_else",
    ),
    _mutant(
        "AnonymizeDocuments", "metadata is not hidden", DOCUMENTS,
        "outcome.hide, self._fields)", "outcome.hide, DocumentFields(()))",
        "tests/langchain/test_documents.py::test_content_and_chosen_metadata_are_hidden_and_nothing_else",
    ),
    _mutant(
        "ProtectedRetriever", "documents come with real text", RETRIEVERS,
        'outcome.clean if self.output == "original" else outcome.hide', "outcome.clean",
        "tests/langchain/test_retriever.py::test_documents_come_with_the_placeholders_of_the_conversation",
    ),
    _mutant(
        "ProtectedRetriever", "the store is asked with real text", RETRIEVERS,
        "return asked.hide(query), _mapped", "return query, _mapped",
        "tests/langchain/test_retriever.py::test_embeddings_never_see_a_value",
    ),
    _mutant(
        "ProtectedRetriever", "a conversation has the placeholders of the corpus", RETRIEVERS,
        'texts, session, "document"', 'texts, self.corpus_session or session, "document"',
        "tests/langchain/test_retriever.py::test_conversations_share_a_corpus_and_nothing_else",
    ),
    _mutant(
        "ProtectedRetriever", "a poisoned document goes on", RETRIEVERS,
        "outcome.raise_if_blocked()  # also", "pass  # also",
        "tests/langchain/test_retriever.py::test_blocked_documents_do_not_go_on",
    ),
    # tracing
    _mutant(
        "mask_otel_spans", "skips the input of observations", SPAN_ATTRIBUTES,
        '"langfuse.trace.public",', '"langfuse.trace.public", "langfuse.observation.input",',
        "tests/leaks/test_langfuse_spans.py::test_main_chain",
    ),
    _mutant(
        "mask_otel_spans", "the mask is not called", LANGFUSE_MASKS,
        "= self._mask.mask(", "= (lambda *_: ({}, []))(",
        "tests/leaks/test_langfuse_spans.py::test_main_chain",
    ),
    _mutant(
        "mask_otel_spans", "a span that can't be masked leaves", LANGFUSE_MASKS,
        "told = str(error) if isinstance(error, GuardError) else type(error).__name__", "continue",
        "tests/leaks/test_langfuse_spans.py::test_a_run_name_that_holds_a_value",
        "tests/leaks/test_langfuse_spans.py::test_failing_detectors_send_the_checks_alone",
    ),
    _mutant(
        "mask_otel_spans", "values of forgotten sessions leave", SESSION_FINDERS,
        "finders.append(partial(self._dropped.find, digest, inside_words=inside_words))", "pass",
        "tests/observability/test_span_mask.py::test_finds_values_after_forget",
    ),
    _mutant(
        "mask_otel_spans", "what tools bring is not looked at", MASKING,
        "needed = self._detect", "source = False\n        needed = self._detect",
        "tests/observability/test_span_mask.py::test_looks_itself_at_what_tools_and_retrievers_bring",
    ),
    _mutant(
        "MaskingSpanExporter", "masks nothing", OTEL,
        "masked.append(self._masked(span, texts))", "masked.append(span)", "tests/observability/test_otel.py",
    ),
    _mutant(
        "decisions", "hold the text", PIPELINE,
        "entities=counts,", "entities=dict.fromkeys(spans, 1),", "tests/test_guard.py::test_a_plain_decision",
    ),
    _mutant(
        "decisions", "hold the message of an error", PIPELINE,
        "error=None if failure is None else type(failure).__name__,",
        "error=None if failure is None else str(failure),",
        "tests/leaks/test_seams.py::test_errors_of_a_check",
    ),
    _mutant(
        "decisions", "hold the session id as it is", GUARD,
        "digest=self._used_digest,\n            restore", "digest=str,\n            restore", "tests/test_guard.py",
        "tests/leaks/test_seams.py",
    ),
    _mutant(
        "stop_leaks", "stops nothing", CALLBACKS,
        "self._stop_leak([message for each in messages for message in each], kwargs, run_id, parent_run_id)", "pass",
        "tests/langchain/test_callbacks.py::test_a_leak_is_stopped_before_anything_is_sent",
    ),
    _mutant(
        "protect", "does not look at what it sends", MODEL_CALLS,
        "if leak := await self.blocking(self._leak, hidden, job, outcome):", "if leak := {}:",
        "tests/leaks/test_found_once.py::test_what_would_be_sent_all_the_same_is_stopped_and_told",
    ),
    # the core
    _mutant(
        "placeholders", "what is found in one text is not looked for in the others", ANONYMIZER,
        "more = list(values.spread())", "more = []",
        "tests/engine/test_found_values.py::test_a_value_found_in_one_message_is_hidden_in_all",
    ),
    _mutant(
        "placeholders", "a look-alike that somebody typed is not defused", ANONYMIZER,
        " + [Entity(LITERAL, start, end, 0.0) for start, end in lookalikes]", "",
        "tests/engine/test_anonymizer.py::test_a_placeholder_that_somebody_types_opens_no_value",
    ),
    _mutant(
        "placeholders", "what is known is not hidden again", ANONYMIZER,
        "certain = hit.kind != LITERAL and not detected", "continue",
        "tests/engine/test_anonymizer.py::test_a_known_value_is_hidden_where_no_detector_sees_it",
    ),
    _mutant(
        "placeholders", "two values get one", MEMORY_VAULT,
        "return [held.known.get(value) or", "return [held.known.get(wanted[0][1]) or",
        "tests/test_guard.py", "tests/contracts/test_members.py",
    ),
    _mutant(
        "placeholders", "one value gets two", MEMORY_VAULT,
        "if held.known.get(value) is None:\n                    self._add",
        "if value:\n                        self._add",
        "tests/contracts/test_members.py",
    ),
    _mutant(
        "placeholders", "are given anew after forget", MEMORY_VAULT,
        "self._retired[session] = held.numbers", "pass",
        "tests/contracts/test_members.py", "tests/vaults/test_memory.py",
    ),
    _mutant(
        "forget", "keeps the values", MEMORY_VAULT,
        "            self._drop(session)\n            return True", "            return True",
        "tests/test_sessions.py", "tests/contracts/test_members.py",
    ),
    _mutant(
        "forget", "keeps the prompt", GUARD_SESSION,
        "self._guard.prompts.forget(self._id)", "pass",
        "tests/engine/test_scan_phase_hard_cases.py::test_prompts_are_forgotten_with_their_session_and_bounded_by_their_length",
    ),
    _mutant(
        "vault", "all sessions are one", MEMORY_VAULT,
        "held = self._sessions.get(session)\n        if held is not None:\n            held.used = now",
        "held = next(iter(self._sessions.values()), None)\n        if held is not None:\n            return held",
        "tests/test_sessions.py", "tests/test_guard.py",
    ),
    _mutant(
        "vault", "a sealed value opens in another place", VAULT_SEALING,
        "for part in map(encoded, parts))", "for part in map(encoded, parts[:0]))",
        "tests/vaults/test_sealing.py::test_a_text_opens_in_its_place_only",
    ),
    _mutant(
        "restoring", "skips what is held at the end", RESTORING,
        "text = self._put(held, at_end=True)", 'text = ""', "tests/placeholders/test_restorer.py",
        "tests/langchain/test_restore.py",
    ),
    _mutant(
        "restoring", "restored text is looked at again", RESTORERS,
        "self.total = self.total[0] + restorer.restored",
        "done = self._make(as_json=as_json).feed(done)\n        self.total = self.total[0] + restorer.restored",
        "tests/langchain/test_runnables.py::test_odd_texts_come_back_exactly",
        "tests/langchain/test_chat_model.py::test_what_was_restored_is_not_restored_again",
    ),
    _mutant(
        "failing closed", "a detector that fails lets texts through", PIPELINE,
        "return failure, failure is not None and closed", "return failure, False",
        "tests/test_guard.py::test_a_failed_detector_blocks",
    ),
    _mutant(
        "failing closed", "a scanner that fails lets texts through", DECISIONS,
        'closed = rule.on_error == "block" and not rule.monitor', "closed = False",
        "tests/engine/test_scan_phase.py::test_a_scanner_that_raises",
    ),
    _mutant(
        "failing closed", "a vault that fails lets texts through", PIPELINE,
        "failure, blocks = broken, True", "pass",
        "tests/test_guard.py::test_a_vault_that_breaks_between_two_questions_blocks",
        "tests/test_guard.py::test_a_full_vault_blocks_and_the_session_goes_on",
    ),
    _mutant(
        "failing closed", "deadlines are ignored", RUNNER,
        "return max(0.0, min(ends) - time.monotonic()) if ends else None", "return None",
        "tests/engine/test_runner.py::test_a_late_call_is_a_timeout_and_the_others_answer",
        "tests/test_guard.py::test_a_hanging_detector_times_out",
    ),
    _mutant(
        "caches", "texts that begin alike are one", ANALYZER,
        'blake2b(text.encode("utf-8", "surrogatepass")', 'blake2b(text[:8].encode("utf-8", "surrogatepass")',
        "tests/engine/test_analyzer.py::test_texts_that_begin_alike_are_two",
    ),
    _mutant(
        "caches", "failed answers are remembered", ANALYZER,
        "for text in self._unknown if text not in self.failures}", "for text in self._unknown}",
        "tests/engine/test_analyzer.py::test_a_failed_answer_is_not_remembered",
    ),
    _mutant(
        "caches", "an answer is judged without its prompt", CACHES,
        "request.text, request.prompt, *said", "request.text, *said",
        "tests/engine/test_scan_phase.py::test_an_answer_is_judged_anew_for_each_prompt_and_each_stage",
    ),
    _mutant(
        "caches", "a verdict of one stage counts at another", CACHES,
        "check, request.stage, request.text", "check, request.text",
        "tests/engine/test_scan_phase.py::test_an_answer_is_judged_anew_for_each_prompt_and_each_stage",
    ),
    _mutant(
        "judging", "the prompt of another call", CACHES,
        "own = None if run is None else self._of_run.get(run)", "own = None",
        "tests/langchain/test_output.py::test_two_calls_of_one_session_keep_their_prompts",
    ),
    _mutant(
        "judging", "outside services see values", SCAN_PHASE,
        "if scanner.sees_hidden and request.hide:", "if False:",
        "tests/langchain/test_scanners.py::test_a_service_outside_never_sees_a_value",
    ),
)  # fmt: skip
