// Assets and accounts in plenty, written into the data of a server that stands still.
export const ASSETS = 2_000;
export const ACCOUNTS = 500;
/** So many rows in all of the accounts together, each of which a bank feeds then; none where nobody says how many. */
export const ROWS = Number(process.env.BANKSIDE_FOREST_ROWS ?? 0);

/** Twenty-five syncs of twenty bank accounts, and the rows, spread over the accounts and over six years. */
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
db.executemany("INSERT INTO payees (organization_id, id, name, name_folded, created_at) VALUES (?, ?, ?, ?, 0)",
    [(organization, id, f"Payee {n:03}", f"payee {n:03}") for n, id in enumerate(payees)])
first = datetime.date(2020, 11, 27)
days = [(first + datetime.timedelta(days=n)).isoformat() for n in range(2190)]
def row(n):
    account, place = n % ${ACCOUNTS}, n // ${ACCOUNTS}
    return (organization, number(6, n), (account + 1).to_bytes(16, "big"), -(n % 90_000 + 1), days[place * 2190 // max(${ROWS} // ${ACCOUNTS} + 1, 1)],
        payees[n % 400], place)
db.executemany("""INSERT INTO transactions (organization_id, id, account_id, status, amount_minor, dated_on, payee_id, moves_opening,
    position, seen_at, created_at, reviewed_at) VALUES (?, ?, ?, 'booked', ?, ?, ?, 0, ?, 0, 0, 0)""", (row(n) for n in range(${ROWS})))
db.executemany("INSERT INTO transaction_lines (organization_id, id, transaction_id, position, amount_minor) VALUES (?, ?, ?, 0, ?)",
    ((organization, number(6, n), number(6, n), -(n % 90_000 + 1)) for n in range(${ROWS})))
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
