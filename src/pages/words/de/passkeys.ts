import type { Words } from '../en.ts'

export const passkeys: Words['passkeys'] = {
  signIn: 'Mit Passkey anmelden',
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
}
