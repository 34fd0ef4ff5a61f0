import { say } from '../say.ts'
import type { Words } from '../en.ts'

export const passkeys: Words['passkeys'] = {
  signIn: 'Mit Passkey anmelden',
  or: 'Oder ohne Passwort:',
  confirm: 'Passkey verwenden',
  failed: 'Ihr Passkey wurde nicht verwendet. Versuchen Sie es noch einmal, wenn Sie bereit sind.',
  known: 'Auf diesem Gerät gibt es schon einen Passkey für Ihr Konto.',
  unsupported:
    'Dieser Browser kann keine Passkeys verwenden. Nehmen Sie einen anderen Browser oder ein anderes Gerät.',
  noScript:
    'Passkeys brauchen JavaScript. Schalten Sie es für diese Seite ein und laden Sie sie neu.',
  wrong:
    'Ihr Passkey wurde nicht angenommen. Versuchen Sie es noch einmal oder melden Sie sich anders an.',
  late: 'Diese Seite war länger offen. Bitte verwenden Sie Ihren Passkey noch einmal.',
  page: {
    title: 'Passkeys',
    lead: 'Mit einem Passkey melden Sie sich per Fingerabdruck, Gesicht oder der PIN Ihres Geräts an. Er lässt sich nicht an eine falsche Seite verraten.',
    yours: 'Ihre Passkeys',
    empty: 'Sie haben noch keinen.',
    unnamed: 'Passkey ohne Namen',
    added: (day) => say`Hinzugefügt am ${day}.`,
    used: (day) => say`Zuletzt verwendet am ${day}.`,
    unused: 'Noch nicht verwendet.',
    backedUp: 'Auf mehreren Geräten',
    bound: 'Nur auf einem Gerät',
    rename: 'Umbenennen',
    save: 'Namen speichern',
    remove: 'Entfernen',
    add: 'Einen Passkey hinzufügen',
    nameLabel: 'Ein Name dafür',
    nameHint:
      'Damit Sie ihn von anderen unterscheiden können, zum Beispiel der Name Ihres Telefons.',
    submit: 'Passkey auf diesem Gerät hinzufügen',
    count: (count) => (count === 1 ? 'Sie haben einen.' : `Sie haben ${count}.`),
    manage: 'Verwalten',
  },
}
