/**
 * Posts the response that its page holds. A text for the same reasons as the script for passkeys. `submit`
 * of the prototype: no field can stand in for it.
 */
export const postScript = `'use strict'
;(() => {
  const form = document.getElementById('response')
  if (form) HTMLFormElement.prototype.submit.call(form)
})()
`
