// The whole flow with Pluggy.ai's own client for Node; prints what it saw as one JSON text.
// Only the base address is given, through the client's own variable PLUGGY_API_URL.
import { PluggyClient } from "pluggy-sdk";

const [clientId, clientSecret, itemIds] = process.argv.slice(2);
const seen = {};
// The client writes every refusal to standard error, which is not asked for here.
console.error = () => {};

/** Status and word with which a call is refused. */
async function refusal(call) {
  try {
    await call();
  } catch (error) {
    const body = error.response?.body ?? error;
    return { code: body.code, word: body.codeDescription };
  }
  throw new Error("the call was not refused");
}

/** Looks at an item until it stands still. */
async function settled(client, id) {
  for (let looks = 0; looks < 20; looks++) {
    const item = await client.fetchItem(id);
    if (item.status !== "UPDATING") return item;
  }
  throw new Error("the execution does not end");
}

const stranger = new PluggyClient({ clientId, clientSecret: clientId });
seen.wrong_secret = await refusal(() => stranger.fetchConnectors());

const client = new PluggyClient({ clientId, clientSecret });
seen.connectors = (await client.fetchConnectors()).results.every((connector) => !connector.isSandbox);
seen.sandbox_connector = (await client.fetchConnector(5)).isSandbox;

// The items that are there, read as a self-hoster reads them.
seen.items = [];
for (const id of itemIds.split(",")) {
  const item = await client.fetchItem(id);
  const accounts = (await client.fetchAccounts(id)).results;
  const types = accounts.map((account) => account.type);
  seen.items.push({ connector: item.connector.name, status: item.status, next: item.nextAutoSyncAt instanceof Date, types });
}

const [bank] = itemIds.split(",");
const [checking] = (await client.fetchAccounts(bank, "BANK")).results;
const [card] = (await client.fetchAccounts(bank, "CREDIT")).results;
seen.old_call = await refusal(() => client.fetchTransactions(checking.id));
const rows = await client.fetchAllTransactions(checking.id);
seen.rows = rows.length;
seen.all_different = new Set(rows.map((row) => row.id)).size === rows.length;
seen.dates = rows.every((row) => row.date instanceof Date && row.createdAt instanceof Date);
seen.bank_signs = rows.every((row) => (row.amount < 0) === (row.type === "DEBIT"));
const bought = await client.fetchAllTransactions(card.id, { dateFrom: "2020-01-01" });
seen.card_signs = bought.every((row) => row.amount < 0 === (row.type === "CREDIT"));
seen.abroad = bought.some((row) => row.currencyCode === "USD" && row.amountInAccountCurrency !== null);
seen.same_row = (await client.fetchTransaction(rows[0].id)).id === rows[0].id;
const bills = (await client.fetchCreditCardBills(card.id)).results;
seen.same_bill = (await client.fetchCreditCardBill(bills[0].id)).totalAmount === bills[0].totalAmount;
seen.category = (await client.updateTransactionCategory(rows[0].id, "07010000")).categoryId;
seen.categories = (await client.fetchCategories()).results.length > 10;
seen.owner = (await client.fetchIdentityByItemId(bank)).fullName;
const [consent] = (await client.fetchConsents(bank)).results;
seen.consent = (await client.fetchConsent(consent.id)).expiresAt instanceof Date;
seen.nothing = [(await client.fetchInvestments(bank)).total, (await client.fetchLoans(bank)).total];

// An item with a code that is asked for after the login.
const typed = { user: "user-ok", password: "password-ok" };
seen.valid = (await client.validateParameters(5, typed)).errors.length;
const item = await client.createItem(5, typed, { clientUserId: "by-node" });
seen.created = item.executionStatus;
const asked = await settled(client, item.id);
seen.asked = [asked.status, asked.parameter.name];
await client.updateItemMFA(item.id, { token: "123456" });
const done = await settled(client, item.id);
seen.done = [done.status, done.executionStatus, done.clientUserId];
seen.early = await refusal(() => client.updateItem(item.id));
const [own] = (await client.fetchAccounts(item.id)).results;
seen.john = own.owner;
seen.own_rows = (await client.fetchAllTransactions(own.id)).length > 0;
seen.connect_token = (await client.createConnectToken(item.id, { clientUserId: "by-node" })).accessToken.split(".").length;
const webhook = await client.createWebhook("item/updated", "https://client.example/hook");
seen.webhook = (await client.updateWebhook(webhook.id, { enabled: false })).disabledAt instanceof Date;
await client.deleteWebhook(webhook.id);
await client.deleteItem(item.id);
seen.after = await refusal(() => client.fetchItem(item.id));
console.log(JSON.stringify(seen));
