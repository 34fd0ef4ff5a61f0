import type { Child } from 'hono/jsx'
import type { ErrorCode } from '../../../errors.ts'
import type { Told } from '../../../people/told.ts'
import { say } from '../say.ts'
import type { Around } from '../say.ts'

/** What happened in a few words, then what it means and what to do. */
type Saying = { readonly title: string; readonly message: string }

const told = {
  'link-unknown': {
    title: 'This link cannot be used',
    message: 'It is not valid here. It may be incomplete, or it was not made for you.',
  },
  'link-expired': {
    title: 'This link cannot be used',
    message: 'This request has expired. For your safety it is open for a short time only.',
  },
  'link-answered': {
    title: 'This request was already answered',
    message: 'It can be answered only once, and that has happened. Nothing was changed just now.',
  },
  'link-incomplete': {
    title: 'This link cannot be used',
    message: 'The application did not send everything we need to know what it asks for.',
  },
  'client-not-allowed': {
    title: 'This application may not ask at the moment',
    message: 'We have stopped it from asking you. Nothing was shared with it.',
  },
  'page-outdated': {
    title: 'This page is no longer valid',
    message:
      'It was open for too long, or a newer sign-in or another browser took its place. Nothing was changed.',
  },
  'sign-out-unclear': {
    title: 'This sign-out link cannot be used',
    message:
      'The application did not say clearly who it is or where you are to return to. Nothing was changed; you can sign out on the page of your account.',
  },
  'posted-elsewhere': {
    title: 'This was sent from another site',
    message:
      'We did nothing with it. If you did not mean to come here, you can simply close this page.',
  },
  'answer-missing': {
    title: 'Your answer did not reach us',
    message: 'Go back one page and choose one of the two buttons. Nothing was changed.',
  },
  'choice-unavailable': {
    title: 'This cannot be offered now',
    message:
      'What you could choose from cannot be shown at the moment. Nothing was approved. Please try again later.',
  },
  'entry-too-long': {
    title: 'This is too long',
    message: 'Go back one page and check what you entered. Nothing was changed.',
  },
  'sign-in-again': {
    title: 'Please sign in again',
    message: 'Your sign-in has ended, or your password was changed. Nothing was approved.',
  },
  'link-needed': {
    title: 'You need a link for this',
    message:
      'Your account has no second factor yet, and a password alone is not enough to add one. Ask us for a link to set it up.',
  },
  'setup-ended': {
    title: 'This set-up has ended',
    message:
      'It was open for a short time only, or it was continued elsewhere. What you have added stays. Ask us for a new link if something is missing.',
  },
  'setup-link-dead': {
    title: 'This link cannot be used',
    message:
      'It was used before, it has expired, or it is incomplete. Ask us for a new link to set up your account.',
  },
  'permission-ended': {
    title: 'This permission was taken back',
    message: 'It was ended before it could be used. Nothing was shared.',
  },
  'sign-in-elsewhere': {
    title: 'You do not sign in here',
    message: 'Your sign-in happens on another page. We did not use what was sent.',
  },
  'other-login-cancelled': {
    title: 'You did not sign in',
    message: 'The sign-in was cancelled. Nothing was shared.',
  },
  'other-login-failed': {
    title: 'The sign-in did not work',
    message: 'We could not confirm who you are. Nothing was shared.',
  },
  'other-login-unreachable': {
    title: 'You cannot sign in just now',
    message: 'The page on which you sign in does not answer. Wait a moment, then start again.',
  },
  'other-login-weak': {
    title: 'This needs a stronger sign-in',
    message:
      'You signed in, but not in the way or not as recently as this request needs. Nothing was shared.',
  },
} satisfies { readonly [reason in Told]: Saying }

const codes = {
  access_denied: {
    title: 'This did not work',
    message: 'You are not allowed to do this, or no longer.',
  },
  invalid_request: {
    title: 'This request cannot be completed',
    message: 'Something in it is missing or not as it should be. Nothing was changed.',
  },
  invalid_request_uri: { title: 'This link cannot be used', message: 'This link is not valid.' },
  method_not_allowed: {
    title: 'This page cannot be opened like this',
    message: 'Follow the buttons and links on our pages to get here.',
  },
  not_found: {
    title: 'There is no such page',
    message: 'The address may be misspelled, or the page has moved.',
  },
  payload_too_large: {
    title: 'This is too much',
    message: 'What was sent is larger than any of our forms. Nothing was changed.',
  },
  server_error: {
    title: 'Something went wrong on our side',
    message: 'You did nothing wrong. Please try again in a few minutes.',
  },
  temporarily_unavailable: {
    title: 'Please try again in a moment',
    message: 'Nothing was changed. Wait a few seconds and reload this page.',
  },
  too_many_requests: {
    title: 'Too many attempts',
    message: 'Wait a few minutes, then try again.',
  },
} satisfies { readonly [code in ErrorCode]?: Saying }

export const errors = {
  told,
  codes,
  otherwise: {
    title: 'This request cannot be completed',
    message: 'The application asked for something we cannot do. Nothing was changed.',
  },
  startThere: 'Go back to the application you came from and start there again.',
  again: 'Start again',
  returnTo: (client: Child) => say`Return to ${client}`,
  /** `reference` finds the event in the log. */
  mention: (code: Child, reference: Child) =>
    say`If you ask for help, mention the code ${code} and the reference ${reference}.`,
  mentionCode: (code: Child) => say`If you ask for help, mention the code ${code}.`,
  help: (link: Around) => say`You find ${link('help')} here.`,
  forDevelopers: 'For developers',
}
