// The whole flow with the provider's own client for Node; prints what it saw as one JSON text.
// Only the base address is given, through the client's own parameter.
import NordigenClient from "nordigen-node";

const [baseUrl, secretId, secretKey, bank] = process.argv.slice(2);
const seen = {};

/** The status and summary with which a call is refused. */
async function refusal(call) {
  try {
    await call();
  } catch (error) {
    return { status: error.response.status, summary: error.response.data.summary };
  }
  throw new Error("the call was not refused");
}

/** Walks the consent pages as a person would, and gives the address at their end. */
async function walk(link) {
  for (let pages = 0; pages < 8; pages++) {
    const page = await fetch(link, { redirect: "manual" });
    if (page.status === 302) return page.headers.get("location");
    const text = await page.text();
    const fields = new URLSearchParams({ step: /name="step" value="([^"]*)"/.exec(text)[1], user_id: "demo", code: "123456" });
    for (const [, account] of text.matchAll(/name="account" value="([^"]*)"/g)) fields.append("account", account);
    const answer = await fetch(link, { method: "POST", body: fields, redirect: "manual" });
    if (answer.status === 302) return answer.headers.get("location");
  }
  throw new Error("the pages do not end");
}

const stranger = new NordigenClient({ secretId, secretKey: "wrong", baseUrl });
seen.wrong_secret = await refusal(() => stranger.generateToken());

const client = new NordigenClient({ secretId, secretKey, baseUrl });
const pair = await client.generateToken();
seen.access_expires = (await client.exchangeToken({ refreshToken: pair.refresh })).access_expires;

const listed = await client.institution.getInstitutions({ country: "DE" });
seen.listed = listed.some((row) => row.id === bank);
const institution = await client.institution.getInstitutionById(bank);
const agreement = await client.agreement.createAgreement({
  institutionId: bank,
  maxHistoricalDays: institution.transaction_total_days,
  accessValidForDays: institution.max_access_valid_for_days,
});
seen.agreed_days = (await client.agreement.getAgreementById(agreement.id)).access_valid_for_days;
const requisition = await client.requisition.createRequisition({
  redirectUrl: "http://127.0.0.1/back",
  institutionId: bank,
  agreement: agreement.id,
  reference: "by-node",
});
seen.created = requisition.status;
seen.back = await walk(requisition.link);

const linked = await client.requisition.getRequisitionById(requisition.id);
seen.linked = linked.status;
seen.accounts = linked.accounts.length;
seen.requisitions = (await client.requisition.getRequisitions()).count;

const account = client.account(linked.accounts[0]);
seen.account_status = (await account.getMetadata()).status;
seen.iban = (await account.getDetails()).account.iban;
seen.balances = (await account.getBalances()).balances.map((row) => row.balanceType);
const day = (daysAgo) => new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10);
const [since, until] = [day(30), day(10)];
const rows = (await account.getTransactions({ dateFrom: since, dateTo: until })).transactions.booked;
seen.rows = rows.length;
seen.rows_in_range = rows.every((row) => since <= row.bookingDate && row.bookingDate <= until);

seen.deleted = (await client.requisition.deleteRequisition(requisition.id)).summary;
seen.after = await refusal(() => account.getBalances());
const session = await client.initSession({ redirectUrl: "http://127.0.0.1/back", institutionId: bank, referenceId: "node-2" });
seen.session = session.link.startsWith(new URL(baseUrl).origin);
console.log(JSON.stringify(seen));
