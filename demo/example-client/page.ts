import { html } from './html.ts'
import type { Html } from './html.ts'
import { money } from './read.ts'
import type {
  Claims, Connection, PaymentOrder, Problem, Receipt, Session, Statement,
} from './session.ts' // prettier-ignore

type View = {
  readonly bankName: string
  readonly session?: Session | undefined
  readonly problem?: Problem | undefined
}

/** The one page of this application, in all its states. */
export function page({ bankName, session, problem = session?.problem }: View): string {
  const connection = session?.connection
  return frame([
    ...(problem === undefined ? [] : [trouble(problem)]),
    ...(session?.receipt === undefined ? [] : [paid(session.receipt)]),
    connection === undefined ? welcome(bankName, problem === undefined) : connected(connection),
    payForm(bankName),
    ...(session === undefined ? [] : [steps(session)]),
  ])
}

/** Takes the browser to the bank without any script; who wants to may press. */
export function onTheWay(bankName: string, payment: PaymentOrder, bank: URL): string {
  const head = html`<meta http-equiv="refresh" content="0;url=${bank.href}" />`
  return frame(
    [
      html`<section class="hero">
        <h1>Off to your bank.</h1>
        <p>${inWords(payment)}: you read it again at <b>${bankName}</b>, and agree there.</p>
        <p><a class="button" id="continue" href="${bank.href}">Continue</a></p>
      </section>`,
    ],
    head,
  )
}

function frame(body: readonly Html[], head?: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Budget Buddy</title>
        <link rel="stylesheet" href="/style.css" />
        ${head}
      </head>
      <body>
        <header><a href="/" class="logo">Budget Buddy</a><span>example application</span></header>
        <main>${body}</main>
      </body>
    </html>`.text
}

const welcome = (bankName: string, first: boolean): Html =>
  html`<section class="hero">
      <h1>All your money,<br />one calm place.</h1>
      <p>See the accounts of your bank beside your budget. It takes a minute.</p>
      <p>
        <a class="button" id="connect" href="/connect"
          >${first ? 'Connect your bank account' : 'Try again'}</a
        >
      </p>
      <p>
        or <a id="connect-chosen" href="/connect?accounts=chosen">share only some accounts</a>: your
        bank asks you which
      </p>
      <p class="small">You will be taken to <b>${bankName}</b> and come back here.</p>
    </section>
    <ul class="points">
      <li><b>Your password stays at your bank.</b> You sign in there, never here.</li>
      <li><b>You decide.</b> Your bank shows you what we ask for before anything is shared.</li>
      <li><b>A stolen token is useless.</b> It works only with a key that never leaves us.</li>
    </ul>`

const inWords = ({ instructedAmount: { amount, currency }, creditorName }: PaymentOrder): string =>
  `${money(amount, currency)} to ${creditorName}`

/** Each payment is agreed to by itself, at the bank. */
const payForm = (bankName: string): Html =>
  html`<section class="pay">
    <h2>Pay somebody</h2>
    <form method="post" action="/pay">
      <p>
        <label for="amount">Amount in EUR</label>
        <input
          id="amount"
          name="amount"
          inputmode="decimal"
          required
          maxlength="12"
          value="12.50"
        />
      </p>
      <p>
        <label for="creditor">To</label>
        <input
          id="creditor"
          name="creditor"
          required
          maxlength="70"
          value="Greengrocer &#38; Daughters"
        />
      </p>
      <p>
        <label for="iban">IBAN</label>
        <input id="iban" name="iban" required maxlength="42" value="DE75 5121 0800 1245 1261 99" />
      </p>
      <p>
        <label for="reference">Reference, if any</label>
        <input id="reference" name="reference" maxlength="140" value="Apples and pears" />
      </p>
      <button id="pay">Pay with ${bankName}</button>
      <p class="small">
        Your bank shows you this payment and asks which account it comes from. Nothing else is
        allowed by it, and it works once.
      </p>
    </form>
  </section>`

const paid = ({ order, paymentId, from }: Receipt): Html =>
  html`<div class="done" role="status" id="paid">
    <h2>Paid</h2>
    <p>${inWords(order)}${from === '' ? '' : `, from ${from.replace(/(.{4})(?=.)/g, '$1 ')}`}.</p>
    <p class="small">Your bank calls it <code id="payment">${paymentId}</code>.</p>
  </div>`

const trouble = ({ title, message, code }: Problem): Html =>
  html`<div class="trouble" role="alert">
    <h2>${title}</h2>
    <p>${message}</p>
    <p class="small">Code: <code id="error">${code}</code></p>
  </div>`

const connected = (connection: Connection): Html =>
  html`<section>
      <h1>Hello${connection.personName === undefined ? '' : ` ${connection.personName}`}.</h1>
      <p class="small">
        Fetched ${connection.fetchedAt.toISOString().slice(11, 19)} UTC, straight from your bank.
      </p>
      <table id="accounts">
        <thead>
          <tr>
            <th scope="col">Account</th>
            <th scope="col" class="amount">Balance</th>
          </tr>
        </thead>
        <tbody>
          ${connection.accounts.map(
            ({ id, name, number, balance }) =>
              html`<tr>
                <th scope="row">${name}<small>${number}</small></th>
                <td class="amount">
                  ${balance}<small
                    ><a id="statement-${id}" href="/statement?account=${encodeURIComponent(id)}"
                      >What happened</a
                    ></small
                  >
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
      ${connection.accounts.length === 0 ? html`<p>Your bank lists no accounts.</p>` : undefined}
      ${connection.statement === undefined ? undefined : statement(connection.statement)}
      <div class="choices">
        ${connection.refreshToken === undefined ? undefined : action('refresh', 'Fetch again')}
        ${action('disconnect', 'Disconnect')}
      </div>
    </section>
    <details>
      <summary>The token that opened the door</summary>
      <p>
        It is bound to one key (<code>cnf.jkt</code>). Ours has the thumbprint
        <code id="jkt">${connection.jkt}</code>:
        <b id="bound">${isBound(connection) ? 'they match' : 'they do not match'}</b>. “Fetch again”
        makes a new key, and the new token is bound to that one.
      </p>
      <h2>Access token</h2>
      ${claimsTable('access-token', connection.accessClaims)}
      <h2>ID token</h2>
      ${claimsTable('id-token', connection.idClaims)}
    </details>`

/** What happened on an account: the bank gives it only after a recent sign-in with two factors. */
const statement = ({ accountId, transactions }: Statement): Html =>
  html`<h2>What happened</h2>
    <table id="transactions" data-account="${accountId}">
      <tbody>
        ${transactions.map(
          ({ date, text, amount }) =>
            html`<tr>
              <th scope="row">${text}<small>${date}</small></th>
              <td class="amount">${amount}</td>
            </tr>`,
        )}
      </tbody>
    </table>`

const action = (name: string, label: string): Html =>
  html`<form method="post" action="/${name}">
    <button id="${name}" class="quiet">${label}</button>
  </form>`

const claimsTable = (id: string, claims: Claims): Html =>
  html`<table class="claims" id="${id}">
    <tbody>
      ${Object.entries(claims).map(
        ([name, value]) =>
          html`<tr>
            <th scope="row"><code>${name}</code></th>
            <td><code>${shown(value)}</code></td>
          </tr>`,
      )}
    </tbody>
  </table>`

const steps = ({ steps: list }: Session): Html =>
  list.length === 0
    ? html``
    : html`<details>
        <summary>What happened, step by step</summary>
        <ol id="steps">
          ${list.map(({ title, detail }) => html`<li><b>${title}</b> <span>${detail}</span></li>`)}
        </ol>
      </details>`

const shown = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '')

function isBound({ accessClaims, jkt }: Connection): boolean {
  const cnf = accessClaims['cnf']
  return typeof cnf === 'object' && cnf !== null && 'jkt' in cnf && cnf.jkt === jkt
}
