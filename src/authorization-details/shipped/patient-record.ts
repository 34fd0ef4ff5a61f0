import { choiceOf, day, locations } from './parts.ts'

/** Reading parts of a health record from a span of time. */
export const patientRecord = {
  schema: {
    type: 'object',
    properties: {
      locations,
      datatypes: choiceOf(['allergies', 'diagnoses', 'laboratory', 'medication', 'vaccinations']),
      period: {
        type: 'object',
        properties: { from: day, to: day },
        required: ['from', 'to'],
        additionalProperties: false,
      },
      purpose: {
        type: 'string',
        enum: ['treatment', 'second_opinion', 'insurance', 'research'],
      },
    },
    required: ['datatypes', 'period', 'purpose'],
    additionalProperties: false,
  },
  compare: {
    locations: { by: 'subset', absent: 'any' },
    datatypes: 'subset',
    period: { by: 'members', members: { from: 'not-before', to: 'not-after' } },
  },
  consent: {
    en: {
      title: 'Read your health record',
      sentences: [
        'It may read {datatypes:list}.',
        'Entries from {period.from:date} to {period.to:date}',
        'Purpose: {purpose}',
        'At: {locations:list}',
      ],
      labels: {
        datatypes: {
          allergies: 'allergies',
          diagnoses: 'diagnoses',
          laboratory: 'laboratory results',
          medication: 'medication',
          vaccinations: 'vaccinations',
        },
        purpose: {
          treatment: 'your treatment',
          second_opinion: 'a second opinion',
          insurance: 'your insurance',
          research: 'research',
        },
      },
    },
    de: {
      title: 'Ihre Gesundheitsakte lesen',
      sentences: [
        'Gelesen werden dürfen: {datatypes:list}.',
        'Einträge vom {period.from:date} bis zum {period.to:date}',
        'Zweck: {purpose}',
        'Bei: {locations:list}',
      ],
      labels: {
        datatypes: {
          allergies: 'Allergien',
          diagnoses: 'Diagnosen',
          laboratory: 'Laborwerte',
          medication: 'Medikamente',
          vaccinations: 'Impfungen',
        },
        purpose: {
          treatment: 'Ihre Behandlung',
          second_opinion: 'eine Zweitmeinung',
          insurance: 'Ihre Versicherung',
          research: 'Forschung',
        },
      },
    },
  },
}
