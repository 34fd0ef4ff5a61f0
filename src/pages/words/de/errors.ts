import { say } from '../say.ts'
import type { Words } from '../en.ts'

const told: Words['errors']['told'] = {
  'link-unknown': {
    title: 'Dieser Link kann nicht verwendet werden',
    message:
      'Er ist hier nicht gültig. Vielleicht ist er unvollständig oder nicht für Sie bestimmt.',
  },
  'link-expired': {
    title: 'Dieser Link kann nicht verwendet werden',
    message: 'Die Anfrage ist abgelaufen. Zu Ihrer Sicherheit gilt sie nur kurze Zeit.',
  },
  'link-answered': {
    title: 'Diese Anfrage wurde schon beantwortet',
    message:
      'Sie kann nur einmal beantwortet werden, und das ist geschehen. Eben wurde nichts geändert.',
  },
  'link-incomplete': {
    title: 'Dieser Link kann nicht verwendet werden',
    message: 'Die Anwendung hat nicht alles mitgeschickt, was wir über ihre Anfrage wissen müssen.',
  },
  'client-not-allowed': {
    title: 'Diese Anwendung darf im Moment nicht anfragen',
    message: 'Wir haben ihr untersagt, Sie zu fragen. Es wurde nichts an sie weitergegeben.',
  },
  'page-outdated': {
    title: 'Diese Seite ist nicht mehr gültig',
    message:
      'Sie war zu lange offen, oder eine neuere Anmeldung oder ein anderer Browser ist an ihre Stelle getreten. Es wurde nichts geändert.',
  },
  'sign-out-unclear': {
    title: 'Dieser Link zum Abmelden kann nicht verwendet werden',
    message:
      'Die Anwendung hat nicht klar gesagt, wer sie ist oder wohin Sie zurückkehren sollen. Es wurde nichts geändert; abmelden können Sie sich auf der Seite Ihres Kontos.',
  },
  'posted-elsewhere': {
    title: 'Das wurde von einer anderen Website gesendet',
    message:
      'Wir haben nichts damit getan. Wenn Sie nicht hierher wollten, können Sie diese Seite einfach schließen.',
  },
  'answer-missing': {
    title: 'Ihre Antwort hat uns nicht erreicht',
    message:
      'Gehen Sie eine Seite zurück und wählen Sie eine der beiden Schaltflächen. Es wurde nichts geändert.',
  },
  'choice-unavailable': {
    title: 'Das kann gerade nicht angeboten werden',
    message:
      'Woraus Sie wählen könnten, lässt sich im Augenblick nicht zeigen. Es wurde nichts erlaubt. Bitte versuchen Sie es später noch einmal.',
  },
  'entry-too-long': {
    title: 'Das ist zu lang',
    message: 'Gehen Sie eine Seite zurück und prüfen Sie Ihre Eingabe. Es wurde nichts geändert.',
  },
  'sign-in-again': {
    title: 'Bitte melden Sie sich noch einmal an',
    message:
      'Ihre Anmeldung ist beendet, oder Ihr Passwort wurde geändert. Es wurde nichts erlaubt.',
  },
  'link-needed': {
    title: 'Dafür brauchen Sie einen Link',
    message:
      'Ihr Konto hat noch keinen zweiten Faktor, und ein Passwort allein genügt nicht, um einen hinzuzufügen. Bitten Sie uns um einen Link zum Einrichten.',
  },
  'setup-ended': {
    title: 'Diese Einrichtung ist beendet',
    message:
      'Sie war nur kurze Zeit offen oder wurde anderswo fortgesetzt. Was Sie hinzugefügt haben, bleibt. Bitten Sie uns um einen neuen Link, falls etwas fehlt.',
  },
  'setup-link-dead': {
    title: 'Dieser Link ist nicht verwendbar',
    message:
      'Er wurde schon benutzt, ist abgelaufen oder unvollständig. Bitten Sie uns um einen neuen Link, um Ihr Konto einzurichten.',
  },
  'permission-ended': {
    title: 'Diese Erlaubnis wurde zurückgenommen',
    message: 'Sie wurde beendet, bevor sie genutzt werden konnte. Es wurde nichts weitergegeben.',
  },
  'sign-in-elsewhere': {
    title: 'Hier melden Sie sich nicht an',
    message:
      'Sie melden sich auf einer anderen Seite an. Was gesendet wurde, haben wir nicht benutzt.',
  },
  'other-login-cancelled': {
    title: 'Sie haben sich nicht angemeldet',
    message: 'Die Anmeldung wurde abgebrochen. Es wurde nichts weitergegeben.',
  },
  'other-login-failed': {
    title: 'Die Anmeldung hat nicht geklappt',
    message: 'Wir konnten nicht feststellen, wer Sie sind. Es wurde nichts weitergegeben.',
  },
  'other-login-unreachable': {
    title: 'Sie können sich gerade nicht anmelden',
    message:
      'Die Seite, auf der Sie sich anmelden, antwortet nicht. Warten Sie einen Moment und beginnen Sie dann von vorn.',
  },
  'other-login-weak': {
    title: 'Dafür ist eine stärkere Anmeldung nötig',
    message:
      'Sie haben sich angemeldet, aber nicht auf die Weise oder nicht so kürzlich, wie diese Anfrage es braucht. Es wurde nichts weitergegeben.',
  },
}

const codes: Words['errors']['codes'] = {
  access_denied: {
    title: 'Das hat nicht geklappt',
    message: 'Sie dürfen das nicht tun, oder nicht mehr.',
  },
  invalid_request: {
    title: 'Diese Anfrage kann nicht abgeschlossen werden',
    message: 'Etwas darin fehlt oder ist nicht so, wie es sein soll. Es wurde nichts geändert.',
  },
  invalid_request_uri: {
    title: 'Dieser Link kann nicht verwendet werden',
    message: 'Dieser Link ist nicht gültig.',
  },
  method_not_allowed: {
    title: 'So lässt sich diese Seite nicht öffnen',
    message: 'Folgen Sie den Schaltflächen und Links auf unseren Seiten.',
  },
  not_found: {
    title: 'Diese Seite gibt es nicht',
    message: 'Vielleicht enthält die Adresse einen Tippfehler, oder die Seite ist umgezogen.',
  },
  payload_too_large: {
    title: 'Das ist zu viel',
    message: 'Es wurde mehr gesendet, als unsere Formulare fassen. Es wurde nichts geändert.',
  },
  server_error: {
    title: 'Bei uns ist etwas schiefgegangen',
    message:
      'Sie haben nichts falsch gemacht. Bitte versuchen Sie es in ein paar Minuten noch einmal.',
  },
  temporarily_unavailable: {
    title: 'Bitte versuchen Sie es gleich noch einmal',
    message:
      'Es wurde nichts geändert. Warten Sie ein paar Sekunden und laden Sie diese Seite neu.',
  },
  too_many_requests: {
    title: 'Zu viele Versuche',
    message: 'Warten Sie ein paar Minuten und versuchen Sie es dann noch einmal.',
  },
}

export const errors: Words['errors'] = {
  told,
  codes,
  otherwise: {
    title: 'Diese Anfrage kann nicht abgeschlossen werden',
    message:
      'Die Anwendung hat um etwas gebeten, das wir nicht tun können. Es wurde nichts geändert.',
  },
  startThere:
    'Gehen Sie zurück zu der Anwendung, aus der Sie gekommen sind, und beginnen Sie dort noch einmal.',
  again: 'Noch einmal beginnen',
  returnTo: (client) => say`Zurück zu ${client}`,
  mention: (code, reference) =>
    say`Wenn Sie um Hilfe bitten, nennen Sie den Code ${code} und das Kennzeichen ${reference}.`,
  mentionCode: (code) => say`Wenn Sie um Hilfe bitten, nennen Sie den Code ${code}.`,
  help: (link) => say`Hier finden Sie ${link('Hilfe')}.`,
  forDevelopers: 'Für Entwickler',
}
