import { account, amount, locations, words } from './parts.ts'

/**
 * One payment. Amount and payee are what the person agreed to, exactly (RTS on strong customer
 * authentication, article 5); `identifier` lets the API make it once.
 */
export const paymentInitiation = {
  schema: {
    type: 'object',
    properties: {
      locations,
      instructedAmount: amount,
      creditorName: words(70),
      creditorAccount: account,
      remittanceInformationUnstructured: words(140),
      debtorAccount: account,
      identifier: { type: 'string', maxLength: 64 },
    },
    required: ['instructedAmount', 'creditorName', 'creditorAccount'],
    additionalProperties: false,
  },
  compare: { locations: { by: 'subset', absent: 'any' } },
  enrich: { debtorAccount: { many: false, least: 1 } },
  assign: 'identifier',
  consent: {
    en: {
      title: 'Make one payment',
      sentences: [
        '{instructedAmount:amount} to {creditorName}, account {creditorAccount.iban:iban}',
        'Reference: {remittanceInformationUnstructured}',
        'At: {locations:list}',
      ],
      questions: { debtorAccount: 'Pay from' },
    },
    de: {
      title: 'Eine Zahlung ausführen',
      sentences: [
        '{instructedAmount:amount} an {creditorName}, Konto {creditorAccount.iban:iban}',
        'Verwendungszweck: {remittanceInformationUnstructured}',
        'Bei: {locations:list}',
      ],
      questions: { debtorAccount: 'Zahlen von' },
    },
  },
}
