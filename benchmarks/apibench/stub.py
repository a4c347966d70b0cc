"""ListConnectionsAllInstances as an emulator has it: rows in memory, a page of them as JSON. No signature is checked.

Usage: stub.py FILE_WITH_A_PAGE PORT
"""

import json
import logging
import sys
import uuid

from flask import Flask, jsonify, request

with open(sys.argv[1], encoding="utf-8") as page:
    ROWS = json.load(page)["connections"]

application = Flask(__name__)
application.json.sort_keys = False
logging.getLogger("werkzeug").setLevel(logging.ERROR)


@application.get("/")
def root():
    return jsonify({})


@application.get("/v3/<project>/l2cg/connections")
def connections(project: str):
    limit = int(request.args.get("limit", 2000))
    wanted = [row for row in ROWS if row["project_id"] == project]
    rows = wanted[:limit]
    info = {"previous_marker": rows[0]["id"], "current_count": len(rows)}
    if len(wanted) > limit:
        info["next_marker"] = rows[-1]["id"]
    answer = jsonify({"request_id": uuid.uuid4().hex, "page_info": info, "connections": rows})
    answer.headers["X-Request-Id"] = uuid.uuid4().hex
    return answer


application.run("127.0.0.1", int(sys.argv[2]), threaded=True)
