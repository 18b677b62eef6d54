"""The whole flow with a client for SimpleFIN that somebody else has written; prints what it saw as one JSON text.

Only the address is given, in the setup token and the access URL, as everywhere with this protocol.
"""

import html
import json
import re
import sys
import types
from datetime import date, timedelta

import httpx

# Its command line is not used, and what that is made of is not installed.
sys.modules["simplefin.cli"] = types.SimpleNamespace(cli=None)

from simplefin import SimpleFINClient  # noqa: E402

base_url, demo_token, demo_access = sys.argv[1:]
seen = {}

# A token from the page works once, the one of the demo again and again.
page = httpx.post(f"{base_url}/create")
token = html.unescape(re.search(r"<code>([^<]*)</code>", page.text).group(1))
access = SimpleFINClient.get_access_url(token)
try:
    SimpleFINClient.get_access_url(token)
    seen["second_claim"] = "accepted"
except Exception as error:  # noqa: BLE001
    seen["second_claim"] = str(error)
seen["demo"] = [SimpleFINClient.get_access_url(demo_token) == demo_access for _ in range(2)]

client = SimpleFINClient(access)
seen["versions"] = client.get_info()["versions"]
accounts = client.get_accounts()
seen["banks"] = sorted({account["org"]["name"] for account in accounts})
seen["accounts"] = len(accounts)
checking = next(account for account in accounts if "Checking" in account["name"])
seen["one"] = client.get_account(checking["id"])["name"]
seen["nobody"] = client.get_account("ACT-nobody")

start = date.today() - timedelta(days=60)
rows = client.get_transactions(checking["id"], start)
seen["rows"] = len(rows)
seen["in_order"] = rows == sorted(rows, key=lambda row: row["posted"])
seen["in_range"] = all(row["posted"].date() >= start for row in rows)
seen["decimal"] = all(re.fullmatch(r"-?\d+\.\d\d", row["amount"]) for row in rows)

try:
    SimpleFINClient(demo_access.replace("demo:demo", "demo:wrong")).get_accounts()
    seen["wrong_password"] = "accepted"
except httpx.HTTPStatusError as error:
    seen["wrong_password"] = error.response.status_code

print(json.dumps(seen))
