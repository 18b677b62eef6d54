// Assets and accounts in plenty, written into the data of a server that stands still, and what a company of that size has besides: rows
// with and without a category, transfers between its accounts, rows in the inbox, and runs of two months.
export const ASSETS = 2_000;
export const ACCOUNTS = 500;
/** So many rows in all of the accounts together, each of which a bank feeds then; none where nobody says how many. */
export const ROWS = Number(process.env.BANKSIDE_FOREST_ROWS ?? 0);

/** Of the newest run of the first sync. */
export const RUN = (8n * 1_000_000_000n + 59n).toString(16).padStart(32, "0").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

/**
 * Twenty-five syncs of twenty bank accounts, and the rows, spread over the accounts and over six years. Three of five rows have a category,
 * four of a hundred are sides of a transfer (an eighth of those with a fee), the newest two thousand wait in the inbox. Whoever is a
 * member alone sees the first country.
 */
const fed = `
import datetime
owner = db.execute("SELECT id FROM people").fetchone()[0]
def number(of, n):
    return (of * 1_000_000_000 + n).to_bytes(16, "big")
db.executemany("""INSERT INTO connections (organization_id, id, provider, name, institution_key, institution_name, country, time_zone, owner_id,
    data_key, remote, consent_valid_until, created_at) VALUES (?, ?, 'gocardless', ?, ?, ?, 'DE', 'Europe/Berlin', ?, x'00', x'00', ?, 0)""",
    [(organization, number(1, n), f"Sync {n:02}", f"BANK_{n}", f"Bank {n:02}", owner, 4102444800000000) for n in range(25)])
each = range(${ACCOUNTS})
db.executemany("""INSERT INTO bank_accounts (organization_id, id, institution_key, institution_name, name, holder, masked_number, kind, currency,
    flips_sign, data_key, details, created_at) VALUES (?, ?, ?, ?, ?, 'Sonnwind', ?, 'checking', 'EUR', 0, x'00', x'00', 0)""",
    [(organization, number(2, n), f"BANK_{n % 25}", f"Bank {n % 25:02}", f"Konto {n:03}", f"DE•• •••• {n:04}") for n in each])
db.executemany("INSERT INTO aliases (organization_id, id, bank_account_id, connection_id, provider_account_id, from_at) VALUES (?, ?, ?, ?, ?, 0)",
    [(organization, number(3, n), number(2, n), number(1, n % 25), f"account-{n}") for n in each])
db.executemany("""INSERT INTO feeds (organization_id, id, bank_account_id, account_id, connection_id, import_from, is_shadow, from_at)
    VALUES (?, ?, ?, ?, ?, '2020-01-01', 0, 0)""",
    [(organization, number(4, n), number(2, n), (n + 1).to_bytes(16, "big"), number(1, n % 25)) for n in each])
payees = [number(5, n) for n in range(400)]
def named(n):
    return "Payee " + chr(65 + n // 20) + chr(97 + n % 20)
db.executemany("INSERT INTO payees (organization_id, id, name, name_folded, created_at) VALUES (?, ?, ?, ?, 0)",
    [(organization, id, named(n), named(n).lower()) for n, id in enumerate(payees)])
first = datetime.date(2020, 11, 27)
days = [(first + datetime.timedelta(days=n)).isoformat() for n in range(2190)]
main = db.execute("SELECT id FROM categories WHERE parent_id IS NULL ORDER BY position LIMIT 1").fetchone()[0]
categories = [number(9, n) for n in range(40)]
db.executemany("""INSERT INTO categories (organization_id, id, parent_id, name, name_folded, is_builtin, position, created_at)
    VALUES (?, ?, ?, ?, ?, 0, ?, 0)""", [(organization, id, main, f"Kind {n:02}", f"kind {n:02}", n) for n, id in enumerate(categories)])
def is_out(n):
    return n % 50 == 0
def is_in(n):
    return n % 50 == 1
def minor(n):
    if is_in(n):
        return (n - 1) % 90_000 + 151 - (150 if n % 400 == 1 else 0)
    return -(n % 90_000 + 151)
def row(n):
    account, place = n % ${ACCOUNTS}, n // ${ACCOUNTS}
    waits = n >= ${ROWS} - 2_000
    return (organization, number(6, n), (account + 1).to_bytes(16, "big"), minor(n), days[place * 2190 // max(${ROWS} // ${ACCOUNTS} + 1, 1)],
        payees[n % 400], place, None if waits else 0, "waiting" if waits else None)
db.executemany("""INSERT INTO transactions (organization_id, id, account_id, status, amount_minor, dated_on, payee_id, moves_opening,
    position, seen_at, created_at, reviewed_at, inbox) VALUES (?, ?, ?, 'booked', ?, ?, ?, 0, ?, 0, 0, ?, ?)""",
    (row(n) for n in range(${ROWS})))
db.executemany("""INSERT INTO transaction_lines (organization_id, id, transaction_id, position, amount_minor, category_id)
    VALUES (?, ?, ?, 0, ?, ?)""", ((organization, number(6, n), number(6, n), minor(n),
    categories[n // 7 % 40] if n // 400 % 5 < 3 and n % 50 > 1 else None) for n in range(${ROWS})))
# As its own housekeeping does while so many rows come.
db.execute("ANALYZE")
db.executemany("INSERT INTO batches (organization_id, id, actor, summary, made_at) VALUES (?, ?, 'system', 'Transfers linked', 1)",
    [(organization, number(7, 0))])
db.executemany("INSERT INTO transfer_pairs (organization_id, out_id, in_id, linked_by, batch_id) VALUES (?, ?, ?, 'rows', ?)",
    ((organization, number(6, n), number(6, n + 1), number(7, 0)) for n in range(0, ${ROWS} - 1, 50)))
# Sixty days of runs, each of which brought some rows of twenty accounts.
last = datetime.datetime(2026, 11, 20, 6, tzinfo=datetime.timezone.utc).timestamp()
runs = [(sync, day, number(8, sync * 60 + day), int(last - (59 - day) * 86_400) * 1_000_000) for sync in range(25) for day in range(60)]
db.executemany("""INSERT INTO runs (organization_id, id, connection_id, trigger_kind, state, due_at, attempt, outcome, calls, created_at,
    started_at, finished_at) VALUES (?, ?, ?, 'schedule', 'finished', ?, 1, 'done', 41, ?, ?, ?)""",
    [(organization, id, number(1, sync), at, at, at, at + 9_000_000) for sync, day, id, at in runs])
counts = '{"received":40,"added":2,"matched":0,"settled":0,"updated":0,"left_alone":38,"held_back":0,"vanished":0}'
db.executemany("""INSERT INTO run_accounts (organization_id, run_id, bank_account_id, account_id, step, position, asked_from, booked_complete,
    pending_complete, served_from, served_to, rows_received, rows_seen_again, fetched_at, applied_at, counts)
    VALUES (?, ?, ?, ?, 'done', ?, '2026-11-01', 1, 1, '2026-11-01', '2026-11-20', 40, 0, ?, ?, ?)""",
    ((organization, id, number(2, n), (n + 1).to_bytes(16, "big"), n // 25, at, at, counts)
    for sync, day, id, at in runs for n in range(sync, ${ACCOUNTS}, 25)))
db.execute("UPDATE organizations SET has_inbox = TRUE")
db.execute("UPDATE members SET asset_id = " + ("'00000000-0000-0000-0000-000000000001'" if "psql" in dir(db) else "x'" + (1).to_bytes(16, "big").hex() + "'") +
    " WHERE role = 'member'")
db.execute("""UPDATE accounts SET revision = revision + 1,
    booked_minor = (SELECT COALESCE(SUM(t.amount_minor), 0) FROM transactions t WHERE t.organization_id = accounts.organization_id AND t.account_id = accounts.id),
    transaction_count = (SELECT COUNT(*) FROM transactions t WHERE t.organization_id = accounts.organization_id AND t.account_id = accounts.id)""")
`;

/** Ten countries with three funds each, five projects in a fund, and sites in those until there are enough; every fourth asset has an account. */
export const forest = `
(organization,) = db.execute("SELECT id FROM organizations").fetchone()
rows = []
def grow(parent, name, depth, position):
    id = (len(rows) + 1).to_bytes(16, "big")
    rows.append((organization, id, parent, "structuring" if depth < 3 else "production", name, name.lower(), position))
    return id
projects = []
for country in range(10):
    land = grow(None, f"Country {country}", 0, country)
    for fund in range(3):
        found = grow(land, f"Fund {country}.{fund}", 1, fund)
        for project in range(5):
            projects.append(grow(found, f"Project {country}.{fund}.{project}", 2, project))
site = 0
while len(rows) < ${ASSETS}:
    grow(projects[site % len(projects)], f"Site {site:04}", 3, site)
    site += 1
db.executemany("""INSERT INTO assets (organization_id, id, parent_id, kind, stage, name, name_folded, position, created_at)
    VALUES (?, ?, ?, ?, 'active', ?, ?, ?, 0)""", rows)
db.executemany("""INSERT INTO accounts (organization_id, id, asset_id, name, name_folded, kind, currency, opening_minor, opening_source,
    pending_policy, revision, booked_minor, pending_minor, transaction_count, position, created_at)
    VALUES (?, ?, ?, ?, ?, 'checking', 'EUR', 0, 'person', 'shown', 0, 100, 0, 0, ?, 0)""",
    [(organization, (n + 1).to_bytes(16, "big"), rows[n * 4][1], f"Account {n:03}", f"account {n:03}", n) for n in range(${ACCOUNTS})])
db.execute("UPDATE organizations SET tree_revision = tree_revision + 1")
${ROWS > 0 ? fed : ""}`;
