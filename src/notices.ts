import type { Env, Settings } from './config.ts'
import { openAudit } from './observe/audit.ts'
import { bindingOf } from './settings/delegated-login.ts'
import type { Issuer } from './types.ts'

let noticed: Settings | undefined

/** What an operator should know once per start: nothing is wrong, but something has a limit. */
export function noticeOnce(
  settings: Settings,
  env: Env,
  waitUntil: (work: Promise<unknown>) => void,
): void {
  if (noticed === settings) return
  noticed = settings
  for (const issuer of settings.issuers) {
    const { log } = openAudit({ env, issuer: issuer.id, waitUntil })
    for (const notice of noticesOf(issuer, env)) log('start.notice', { notice })
  }
}

function noticesOf(issuer: Issuer, env: Env): readonly string[] {
  const notices: string[] = []
  const binding = bindingOf(issuer.authentication.login)
  if (binding !== undefined && !Object.hasOwn(env, binding)) {
    notices.push(`The binding ${binding} is missing, so nobody can sign in.`)
  }
  if (issuer.authentication.minimum === 1) {
    notices.push('People may sign in with one factor only (authentication.factors is 1).')
  }
  if (issuer.acceptedClientCas.length > 0) {
    notices.push(
      'The platform checks revocation of client certificates for its managed CA only; for your own, disable the client.',
    )
  }
  return notices
}
