"""Presidio's analyzer as the server that its image runs: gunicorn with one worker, Flask, a batch engine.

It does what the server of its repository does with a request (``presidio-analyzer/app.py`` and ``entrypoint.sh`` of
https://github.com/microsoft/presidio), with the NLP engine of its default configuration but for the pipeline: the
image holds ``en_core_web_lg``, here it is the one that is named. It imports nothing of this project: it runs in
whatever environment has Presidio. Without gunicorn it is werkzeug with a thread for each connection, as its
``python app.py`` is.

``python presidio_server.py PIPELINE``
"""

from __future__ import annotations

import importlib.resources
import json
import os
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PIPELINE = "BENCHMARK_SPACY_PIPELINE"
"""Environment variable of the pipeline's name or path."""


def create_app() -> Any:
    """Return the WSGI app."""
    import yaml
    from flask import Flask, Response, request
    from presidio_analyzer import AnalyzerEngineProvider, AnalyzerRequest, BatchAnalyzerEngine

    default = importlib.resources.files("presidio_analyzer").joinpath("conf/default.yaml").read_text("utf-8")
    settings = yaml.safe_load(default)
    settings["models"] = [{"lang_code": "en", "model_name": os.environ[PIPELINE]}]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(settings, file)
        file.flush()
        engine = AnalyzerEngineProvider(nlp_engine_conf_file=file.name).create_engine()
    batches, app = BatchAnalyzerEngine(engine), Flask("presidio")

    @app.route("/analyze", methods=["POST"])
    def analyze() -> Any:
        asked = AnalyzerRequest(request.get_json())
        many = isinstance(asked.text, list)
        texts = asked.text if many else [asked.text]
        engine.get_supported_entities(asked.language)  # raises for a language that it does not know
        options = ("correlation_id score_threshold entities return_decision_process ad_hoc_recognizers context").split()
        given = {name: getattr(asked, name) for name in (*options, "allow_list", "allow_list_match", "regex_flags")}
        size = min(len(texts), 500)
        found = [*batches.analyze_iterator(texts=texts, batch_size=size, language=asked.language, n_process=1, **given)]
        for each in found:
            for result in each:
                vars(result).pop("recognition_metadata", None)
        body = json.dumps(found if many else found[0], default=lambda result: result.to_dict(), sort_keys=True)
        return Response(body, content_type="application/json")

    return app


def main() -> None:
    """Serve on a free port of the loopback interface, and tell it on standard error."""
    os.environ[PIPELINE] = sys.argv[1]
    if find_spec("gunicorn"):
        from gunicorn.app.wsgiapp import run

        here = str(Path(__file__).parent)
        options = ["-w", "1", "-b", "127.0.0.1:0", "--timeout", "300", "--chdir", here]
        sys.argv = ["gunicorn", *options, "presidio_server:create_app()"]
        run()
        return
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, create_app(), threaded=True)
    print(f"Listening at: http://127.0.0.1:{server.server_port}", file=sys.stderr, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
