import * as client from 'openid-client'
import {
  InvalidForm,
  PaymentUnknown,
  RefusedByApi,
  StepUpNeeded,
  UnexpectedAnswer,
} from './errors.ts'
import type { Problem } from './session.ts'

/** Says in plain words what went wrong. Details of the error stay here; only its code is shown. */
export function toProblem(error: unknown, during?: 'payment'): Problem {
  const code = toCode(error)
  return { ...((during === 'payment' ? wordsOfPayment(code) : undefined) ?? words(code)), code }
}

/** What matters most after a payment did not work: whether money moved. Undefined: nothing to add. */
function wordsOfPayment(code: string): Omit<Problem, 'code'> | undefined {
  const title = 'Nothing was paid'
  switch (code) {
    case 'access_denied':
      return { title, message: 'You did not agree to the payment at your bank.' }
    case 'invalid_form':
    case 'invalid_authorization_details':
    case 'api_400':
      return {
        title,
        message: 'Your bank cannot make such a payment. Look at the amount, the name and the IBAN.',
      }
    case 'insufficient_scope':
      return { title, message: 'You did not agree to this very payment, so your bank refused it.' }
    case 'api_409':
      return {
        title: 'Paid before',
        message: 'Your bank made this payment already, and once only.',
      }
    case 'payment_unknown':
      return {
        title: 'We do not know whether it was paid',
        message: 'Your bank did not answer. Look at your account before you try again.',
      }
    default:
      return undefined
  }
}

function words(code: string): Omit<Problem, 'code'> {
  switch (code) {
    case 'access_denied':
      return {
        title: 'Nothing was connected',
        message: 'You did not give your permission, so nothing was shared. You can try again.',
      }
    case 'invalid_grant':
      return {
        title: 'The connection has ended',
        message: 'Your bank no longer accepts it: it was ended, or is too old. Connect again.',
      }
    case 'insufficient_user_authentication':
    case 'unmet_authentication_requirements':
      return {
        title: 'Your bank wants a stronger sign-in',
        message: 'It shows this only to people who signed in with two factors just now.',
      }
    case 'unexpected_answer':
      return {
        title: 'We did not expect that',
        message:
          'This answer was not asked for in this browser, or it was used already. Please start here.',
      }
    case 'temporarily_unavailable':
    case 'server_error':
    case 'unreachable':
      return {
        title: 'Your bank is not available',
        message: 'It cannot be reached right now. Please try again in a moment.',
      }
    case 'login_required':
    case 'interaction_required':
    case 'consent_required':
      return {
        title: 'Your bank needs to see you',
        message: 'You have to sign in at your bank and agree there. Please try again.',
      }
    default:
      return {
        title: 'The connection did not work',
        message: 'The answer of your bank did not pass our checks, so we discarded it. Try again.',
      }
  }
}

function toCode(error: unknown): string {
  if (error instanceof client.AuthorizationResponseError) return error.error
  if (error instanceof client.ResponseBodyError) return error.error
  if (error instanceof UnexpectedAnswer) return 'unexpected_answer'
  if (error instanceof StepUpNeeded) return 'insufficient_user_authentication'
  if (error instanceof InvalidForm) return 'invalid_form'
  if (error instanceof PaymentUnknown) return 'payment_unknown'
  if (error instanceof RefusedByApi) return `api_${error.status}`
  if (error instanceof client.WWWAuthenticateChallengeError) {
    return error.cause[0]?.parameters.error ?? 'unauthorized'
  }
  if (isUnreachable(error)) return 'unreachable'
  if (error instanceof client.ClientError && error.code !== undefined) return error.code
  return 'unknown'
}

/** Network failures arrive wrapped, as causes of causes. */
function isUnreachable(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    const code = 'code' in current ? current.code : undefined
    if (code === 'OAUTH_TIMEOUT') return true
    if (typeof code === 'string' && /^E(?:CONN|HOST|NET|PIPE|TIMEDOUT|AI_)/.test(code)) return true
  }
  return false
}
