import type { StepUp } from './session.ts'

/** An answer nobody here asked for, or asked for already. */
export class UnexpectedAnswer extends Error {}

export class RefusedByApi extends Error {
  readonly status: number
  constructor(status: number) {
    super(`the API answered ${status}`)
    this.status = status
  }
}

/** The bank gives this only after a stronger or a more recent sign-in (RFC 9470 4). */
export class StepUpNeeded extends Error {
  readonly stepUp: StepUp
  constructor(stepUp: StepUp) {
    super('another sign-in is needed')
    this.stepUp = stepUp
  }
}

/** The form was not filled in as the bank could take it. */
export class InvalidForm extends Error {}

/** The order went out and no answer came back. */
export class PaymentUnknown extends Error {}
