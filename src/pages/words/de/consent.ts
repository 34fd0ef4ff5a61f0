import { say } from '../say.ts'
import type { Words } from '../en.ts'

export const consent: Words['consent'] = {
  title: 'Ihre Erlaubnis',
  asks: (client) => say`${client} bittet um Ihre Erlaubnis`,
  signedInAs: (person) => say`Angemeldet als ${person}`,
  verified: (brand) => say`Geprüft von ${brand}`,
  unverified: (brand) => say`${brand} hat diese Anwendung nicht geprüft`,
  from: (host) => say`von ${host}`,
  wants: 'Was die Anwendung tun möchte',
  fresh: 'Neu',
  allowedBefore: (client) =>
    say`Sie haben ${client} schon einmal eine Erlaubnis gegeben. Was damals nicht dabei war, ist als neu gekennzeichnet.`,
  allowedSame: (client) =>
    say`Sie haben ${client} schon einmal eine Erlaubnis gegeben. Es wird nicht mehr erbeten als damals.`,
  merges: (client) =>
    say`Dies kommt zu einer Erlaubnis hinzu, die Sie ${client} früher gegeben haben. Was Sie damals erlaubt haben, bleibt.`,
  replaces: (client) =>
    say`Dies tritt an die Stelle einer Erlaubnis, die Sie ${client} früher gegeben haben. Es entfällt:`,
  replacesNothing: (client) =>
    say`Dies tritt an die Stelle einer Erlaubnis, die Sie ${client} früher gegeben haben.`,
  whereTo: 'Wohin die Daten gehen',
  fromUs: (client) => say`Von uns zu ${client}.`,
  fromServices: (services, client) =>
    say`Von ${services} zu ${client}. Was dort danach mit den Daten geschieht, regeln die Bedingungen der Anwendung.`,
  howLong: 'Wie lange',
  once: (time) => `Dieses eine Mal, für ${time} nach Ihrer Zustimmung.`,
  until: (day, client) =>
    say`Bis zum ${day}. In dieser Zeit kann ${client} die Daten selbstständig erneut abrufen.`,
  untilWithin: (day, client) =>
    say`Bis zum ${day}. In dieser Zeit kann ${client} selbstständig darauf zurückkommen. Mehr als oben steht, ist damit nicht erlaubt.`,
  untilEnded: (client) =>
    say`Bis Sie die Erlaubnis beenden. In dieser Zeit kann ${client} die Daten selbstständig erneut abrufen.`,
  changeOfMind: 'Wenn Sie es sich anders überlegen',
  endAnyTime: (account) =>
    say`Sie können diese Erlaubnis jederzeit auf ${account('Ihrer Kontoseite')} beenden.`,
  nothingLeft:
    'Es bleibt nichts, dem Sie zustimmen könnten. Kreuzen Sie mindestens eines an, oder lehnen Sie ab.',
  choose: (question) => `Bitte treffen Sie eine gültige Auswahl: ${question}`,
  approve: 'Zustimmen',
  deny: 'Ablehnen',
  eitherWay: (host) =>
    say`In beiden Fällen kehren Sie zu ${host} zurück. Stimmen Sie nur zu, wenn Sie dort selbst damit begonnen haben.`,
}
