"""The whole flow with the provider's own client for Python; prints what it saw as one JSON text.

Only the base address is given, through the client's own parameter.
"""

import json
import re
import sys
from datetime import date, timedelta

import requests
from nordigen import NordigenClient

base_url, secret_id, secret_key, bank = sys.argv[1:]
seen = {}


def refusal(call):
    """The status and summary with which a call is refused."""
    try:
        call()
    except requests.HTTPError as error:
        return {"status": error.response.status_code, "summary": error.response.json()["summary"]}
    raise SystemExit("the call was not refused")


def walk(link):
    """Walks the consent pages as a person would, and gives the address at their end."""
    for _ in range(8):
        page = requests.get(link, allow_redirects=False, timeout=10)
        if page.status_code == 302:
            return page.headers["location"]
        step = re.search(r'name="step" value="([^"]*)"', page.text).group(1)
        accounts = re.findall(r'name="account" value="([^"]*)"', page.text)
        fields = {"step": step, "user_id": "demo", "code": "123456", "account": accounts}
        answer = requests.post(link, data=fields, allow_redirects=False, timeout=10)
        if answer.status_code == 302:
            return answer.headers["location"]
    raise SystemExit("the pages do not end")


stranger = NordigenClient(secret_id=secret_id, secret_key="wrong", base_url=base_url)
seen["wrong_secret"] = refusal(stranger.generate_token)

client = NordigenClient(secret_id=secret_id, secret_key=secret_key, base_url=base_url)
pair = client.generate_token()
seen["access_expires"] = client.exchange_token(pair["refresh"])["access_expires"]

seen["listed"] = bank in [row["id"] for row in client.institution.get_institutions("DE")]
institution = client.institution.get_institution_by_id(bank)
agreement = client.agreement.create_agreement(
    institution_id=bank,
    max_historical_days=int(institution["transaction_total_days"]),
    access_valid_for_days=int(institution["max_access_valid_for_days"]),
)
seen["agreed_days"] = client.agreement.get_agreement_by_id(agreement["id"])["access_valid_for_days"]
requisition = client.requisition.create_requisition(
    redirect_uri="http://127.0.0.1/back", reference_id="by-python", institution_id=bank, agreement=agreement["id"]
)
seen["created"] = requisition["status"]
seen["back"] = walk(requisition["link"])

linked = client.requisition.get_requisition_by_id(requisition["id"])
seen["linked"] = linked["status"]
seen["accounts"] = len(linked["accounts"])
seen["requisitions"] = client.requisition.get_requisitions()["count"]

account = client.account_api(linked["accounts"][0])
seen["account_status"] = account.get_metadata()["status"]
seen["iban"] = account.get_details()["account"]["iban"]
seen["balances"] = [row["balanceType"] for row in account.get_balances()["balances"]]
until = date.today() - timedelta(days=10)
since = until - timedelta(days=20)
rows = account.get_transactions(date_from=since.isoformat(), date_to=until.isoformat())["transactions"]["booked"]
seen["rows"] = len(rows)
seen["rows_in_range"] = all(since.isoformat() <= row["bookingDate"] <= until.isoformat() for row in rows)

seen["deleted"] = client.requisition.delete_requisition(requisition["id"])["summary"]
seen["after"] = refusal(account.get_balances)
session = client.initialize_session(redirect_uri="http://127.0.0.1/back", institution_id=bank, reference_id="python-2")
seen["session"] = session.link.startswith(base_url.split("/gocardless")[0])
print(json.dumps(seen))
