/**
 * The one script: asks the browser for a passkey and posts the answer. Classic ES2020 without
 * dependencies; everything it needs stands in `data-` attributes (see `PasskeyArea`). A text
 * rather than a module of its own, because each of the bundlers treats those differently; a test lints it.
 */
export const passkeyScript = `'use strict'
;(() => {
  const area = document.getElementById('passkey-area')
  const button = document.getElementById('passkey')
  const status = document.getElementById('passkey-status')
  if (!area || !button || !status) return
  const { ceremony, options, failed, known, unsupported } = area.dataset
  const tell = (sentence) => {
    status.textContent = sentence || ''
  }
  if (!window.PublicKeyCredential || !navigator.credentials) {
    tell(unsupported)
    return
  }

  // Not every browser has parseRequestOptionsFromJSON and toJSON.
  const toBytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0))
  const toText = (buffer) => {
    let binary = ''
    for (const byte of new Uint8Array(buffer)) binary += String.fromCharCode(byte)
    return btoa(binary).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=+$/, '')
  }
  const named = (list) => list.map((one) => ({ ...one, id: toBytes(one.id) }))

  const readOptions = () => {
    const given = JSON.parse(options)
    given.challenge = toBytes(given.challenge)
    if (given.allowCredentials) given.allowCredentials = named(given.allowCredentials)
    if (given.excludeCredentials) given.excludeCredentials = named(given.excludeCredentials)
    if (given.user) given.user.id = toBytes(given.user.id)
    return given
  }

  const describe = ({ id, type, response }) => {
    const told = { clientDataJSON: toText(response.clientDataJSON) }
    if (ceremony === 'create') {
      told.attestationObject = toText(response.attestationObject)
      told.transports = response.getTransports ? response.getTransports() : []
    } else {
      told.authenticatorData = toText(response.authenticatorData)
      told.signature = toText(response.signature)
      told.userHandle = response.userHandle ? toText(response.userHandle) : null
    }
    return JSON.stringify({ id, type, response: told })
  }

  // The one request that may be open, and its end.
  let open
  const ask = async (more) => {
    if (open) {
      open.controller.abort()
      await open.ended
    }
    const controller = new AbortController()
    const request = { publicKey: readOptions(), signal: controller.signal, ...more }
    const asked = navigator.credentials[ceremony](request)
    open = { controller, ended: asked.then(() => {}, () => {}) }
    return asked
  }

  const addHidden = (form, name, value) => {
    const input = document.createElement('input')
    input.type = 'hidden'
    input.name = name
    input.value = value
    form.append(input)
  }
  // A passkey is enrolled with the fields of its form; signing in has nothing to fill in.
  const form = area.closest('form')
  const makeForm = () => {
    const made = document.createElement('form')
    made.method = 'post'
    made.action = area.dataset.action
    addHidden(made, 'interaction', area.dataset.interaction)
    document.body.append(made)
    return made
  }
  const post = (credential) => {
    if (!credential) throw new Error('no credential')
    const posted = form || makeForm()
    addHidden(posted, ceremony === 'create' ? 'attestation' : 'assertion', describe(credential))
    posted.submit()
  }

  // Offers passkeys where the person is about to type a user name.
  const offer = async () => {
    const { isConditionalMediationAvailable: available } = PublicKeyCredential
    if (area.dataset.conditional === undefined || !available) return
    try {
      if (!(await available.call(PublicKeyCredential))) return
      if (!button.disabled) post(await ask({ mediation: 'conditional' }))
    } catch (error) {
      // Aborted by the button, or the person chose to type: nothing to say.
    }
  }

  const press = async () => {
    if (button.disabled || (form && !form.reportValidity())) return
    button.disabled = true
    tell('')
    try {
      post(await ask({}))
    } catch (error) {
      button.disabled = false
      tell(error && error.name === 'InvalidStateError' && known ? known : failed)
      button.focus()
      void offer()
    }
  }

  button.addEventListener('click', () => void press())
  // Enter in a field of the form means the button.
  if (form) {
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void press()
    })
  }
  // The back button may bring back the page as it was: its question was answered, so it asks anew.
  window.addEventListener('pageshow', (event) => {
    if (event.persisted && button.disabled) location.reload()
  })
  area.hidden = false
  button.hidden = false
  void offer()
})()
`
