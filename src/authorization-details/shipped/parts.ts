/** Parts of schemas that several shipped types have. */

/** ISO 13616; the API checks the digits. */
export const iban = { type: 'string', pattern: '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$', maxLength: 34 }

export const account = {
  type: 'object',
  properties: { iban },
  required: ['iban'],
  additionalProperties: false,
}

/** A decimal text, because numbers of JSON lose digits. */
export const amount = {
  type: 'object',
  properties: {
    currency: { type: 'string', pattern: '^[A-Z]{3}$', maxLength: 3 },
    amount: { type: 'string', pattern: '^(0|[1-9][0-9]{0,11})(\\.[0-9]{1,3})?$', maxLength: 16 },
  },
  required: ['currency', 'amount'],
  additionalProperties: false,
}

export const day = {
  type: 'string',
  format: 'date',
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$',
  maxLength: 10,
}

/** Something a person reads: begins with something visible, and stands on one line. */
export const words = (maxLength: number) => ({
  type: 'string',
  pattern: '^[^\\p{C}\\p{Z}][^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]*$',
  maxLength,
})

export const choiceOf = (values: readonly string[]) => ({
  type: 'array',
  items: { type: 'string', enum: values },
  minItems: 1,
  maxItems: values.length,
  uniqueItems: true,
})

/** Where it counts (RFC 9396 2.2): resource servers, or places at them. */
export const locations = {
  type: 'array',
  items: { type: 'string', format: 'uri', maxLength: 512 },
  minItems: 1,
  maxItems: 16,
  uniqueItems: true,
}
