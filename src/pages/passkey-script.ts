/**
 * The one script: asks the browser for a passkey and posts the answer. Classic ES2020 without
 * dependencies; everything it needs stands in `data-` attributes of its form (see `PasskeyForm`). A text
 * rather than a module of its own, because each of the bundlers treats those differently; a test lints it.
 */
export const passkeyScript = `'use strict'
;(() => {
  const form = document.getElementById('passkey-form')
  const button = document.getElementById('passkey')
  const answer = document.getElementById('passkey-answer')
  const status = document.getElementById('passkey-status')
  if (!form || !button || !answer || !status) return
  const { ceremony, options, failed, known, unsupported } = form.dataset
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

  const post = (credential) => {
    if (!credential) throw new Error('no credential')
    answer.value = describe(credential)
    form.submit()
  }

  // Offers passkeys where the person is about to type a user name.
  const offer = async () => {
    const { isConditionalMediationAvailable: available } = PublicKeyCredential
    if (form.dataset.conditional === undefined || !available) return
    try {
      if (!(await available.call(PublicKeyCredential))) return
      if (!button.disabled) post(await ask({ mediation: 'conditional' }))
    } catch (error) {
      // Aborted by the button, or the person chose to type: nothing to say.
    }
  }

  const press = async () => {
    if (button.disabled || (form.reportValidity && !form.reportValidity())) return
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

  // Enter in a field of the form means the button.
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void press()
  })
  button.addEventListener('click', (event) => {
    event.preventDefault()
    void press()
  })
  // A page that came back by the back button is as good as new.
  window.addEventListener('pageshow', (event) => {
    if (!event.persisted) return
    button.disabled = false
    answer.value = ''
  })
  form.hidden = false
  button.hidden = false
  void offer()
})()
`
