import type { Words } from '../en.ts'

export const data: Words['data'] = {
  scopes: {
    openid: {
      title: 'Bestätigen, dass Sie es sind',
      description: 'Eine Nummer, die hier für Sie steht. Sie verrät sonst nichts über Sie.',
    },
    profile: {
      title: 'Ihr Profil sehen',
      description: 'Die Angaben, die sagen, wer Sie sind.',
      data: ['Namen', 'Geschlecht', 'Geburtsdatum', 'Bild und Webseiten', 'Sprache und Zeitzone'],
    },
    email: {
      title: 'Ihre E-Mail-Adresse sehen',
      description: 'Ihre E-Mail-Adresse und ob wir sie geprüft haben.',
    },
    phone: {
      title: 'Ihre Telefonnummer sehen',
      description: 'Ihre Telefonnummer und ob wir sie geprüft haben.',
    },
    address: {
      title: 'Ihre Postanschrift sehen',
      description: 'Die Postanschrift, die wir von Ihnen haben.',
    },
    offline_access: {
      title: 'Zugriff behalten, während Sie nicht da sind',
      description: 'Die hier genannten Daten dürfen ohne Ihr Beisein erneut abgerufen werden.',
    },
  },
  undescribed:
    'Für diese Erlaubnis gibt es keine Beschreibung. Stimmen Sie nur zu, wenn Sie sie kennen.',
  claims: {
    name: 'Vollständiger Name',
    given_name: 'Vorname',
    family_name: 'Nachname',
    middle_name: 'Zweiter Vorname',
    nickname: 'Spitzname',
    preferred_username: 'Benutzername',
    profile: 'Profilseite',
    picture: 'Bild',
    website: 'Webseite',
    email: 'E-Mail-Adresse',
    email_verified: 'Ob Ihre E-Mail-Adresse geprüft ist',
    gender: 'Geschlecht',
    birthdate: 'Geburtsdatum',
    zoneinfo: 'Zeitzone',
    locale: 'Sprache',
    phone_number: 'Telefonnummer',
    phone_number_verified: 'Ob Ihre Telefonnummer geprüft ist',
    address: 'Postanschrift',
    updated_at: 'Wann sich Ihre Angaben zuletzt geändert haben',
  },
  singleDetails: 'Einzelne Angaben sehen',
  onlyThese: 'Von dem, was wir über Sie wissen, nur dies:',
}
