import { say } from '../say.ts'
import type { Words } from '../en.ts'

export const signIn: Words['signIn'] = {
  title: 'Anmelden',
  continueTo: (client) => say`um mit ${client} fortzufahren`,
  username: 'Benutzername',
  password: 'Passwort',
  submit: 'Anmelden',
  cancel: 'Abbrechen',
  wrongCredentials:
    'Benutzername und Passwort passen nicht zusammen. Prüfen Sie beides und versuchen Sie es noch einmal.',
  tooManyAttempts: (time) =>
    `Zu viele Versuche. Warten Sie ${time} und versuchen Sie es dann noch einmal.`,
  passwordStays: (brand, client) =>
    say`Ihr Passwort bleibt bei ${brand}; ${client} bekommt es nie zu sehen.`,
  afterwards: (host) => say`Danach kehren Sie zu ${host} zurück.`,
  toYourAccount: 'um Ihr Konto zu sehen',
  continueAs: (person) => say`Weiter als ${person}`,
  orAnother: 'Oder melden Sie sich als jemand anderes an:',
  recover: 'Stattdessen einen Code benutzen',
  skip: 'Ohne weitermachen',
  usePasskey: (person) => say`Bestätigen Sie mit Ihrem Passkey, dass Sie ${person} sind.`,
  unreachable: {
    secondFactor:
      'Ihr Konto hat noch keinen zweiten Faktor, und ohne den meldet sich hier niemand an. Bitten Sie uns um einen Link, um einen einzurichten.',
    passkey:
      'Die Anwendung verlangt einen Passkey, und Ihr Konto hat keinen. Fügen Sie auf Ihrer Kontoseite einen hinzu und beginnen Sie dort dann noch einmal.',
  },
  code: {
    title: 'Code eingeben',
    lead: (person) => say`Sie melden sich als ${person} an.`,
    label: 'Einmalcode',
    hint: 'Die sechs Ziffern, die Ihre Authenticator-App gerade zeigt, oder einer Ihrer Ersatzcodes.',
    submit: 'Weiter',
    wrong:
      'Dieser Code gilt nicht. Warten Sie auf den nächsten in Ihrer App und versuchen Sie es noch einmal.',
  },
}
