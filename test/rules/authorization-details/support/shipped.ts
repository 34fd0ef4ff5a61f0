/** Settings of the shipped types at the bank of `support/issuer.ts`. */
export const detailSettings = {
  account_information: { use: 'account_information', enrich: { accounts: { service: 'BANK' } } },
  payment_initiation: { use: 'payment_initiation', enrich: { debtorAccount: { service: 'BANK' } } },
  patient_record: { use: 'patient_record', resource_servers: ['https://other.bank.example'] },
}

export const payment = {
  type: 'payment_initiation',
  instructedAmount: { currency: 'EUR', amount: '123.50' },
  creditorName: 'Merchant A',
  creditorAccount: { iban: 'DE02100100109307118603' },
  remittanceInformationUnstructured: 'Ref 7',
}
