import { accountInformation } from './account-information.ts'
import { patientRecord } from './patient-record.ts'
import { paymentInitiation } from './payment-initiation.ts'

/** A definition as settings write it; `docs/authorization-details.md`. */
export type Definition = Readonly<Record<string, unknown>> & {
  readonly enrich?: Readonly<Record<string, unknown>>
}

/** The types that settings may use by name. */
export const shippedTypes: Readonly<Record<string, Definition>> = {
  account_information: accountInformation,
  payment_initiation: paymentInitiation,
  patient_record: patientRecord,
}
