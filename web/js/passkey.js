// Passkeys: [data-passkey] is shown where the browser knows them; a form of "get" or "create" asks the device, puts what it answers
// into its hidden fields and is sent like any other. What to ask for stands in the form; it is fetched anew at each press, as a
// challenge ends after five minutes.
const FIVE_MINUTES = 300_000;
const ALGORITHMS = [-7, -8, -257]; // ES256, EdDSA, RS256

const supported = () => Boolean(globalThis.PublicKeyCredential && navigator.credentials
    && globalThis.AuthenticatorAttestationResponse?.prototype.getAuthenticatorData);
const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer ?? [])))
    .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const credentials = (ids) => ids.split(' ').filter(Boolean).map((id) => ({ type: 'public-key', id: bytes(id) }));

async function made({ challenge, host, city, user, login, name, ids }) {
    const { response } = await navigator.credentials.create({ publicKey: {
        challenge: bytes(challenge), rp: { id: host, name: city }, user: { id: bytes(user), name: login, displayName: name },
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })), excludeCredentials: credentials(ids),
        authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
        attestation: 'none', timeout: FIVE_MINUTES,
    } });
    return { client: text(response.clientDataJSON), data: text(response.getAuthenticatorData()), user };
}

async function got({ challenge, host, ids }) {
    const { rawId, response } = await navigator.credentials.get({ publicKey: {
        challenge: bytes(challenge), rpId: host, allowCredentials: credentials(ids), userVerification: 'required', timeout: FIVE_MINUTES,
    } });
    return { credential: text(rawId), client: text(response.clientDataJSON), data: text(response.authenticatorData),
        signature: text(response.signature), user: text(response.userHandle) };
}

// The same form of the page as it is now; null where that page leads elsewhere, as after signing out.
async function drawn_anew(form) {
    const answer = await fetch(form.dataset.page);
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    return page.querySelector(`form[data-passkey="${form.dataset.passkey}"]`);
}

async function send(form) {
    const fresh = await drawn_anew(form);
    if (!fresh) {
        location.assign(form.dataset.page);
        return;
    }
    const answer = await (form.dataset.passkey === 'create' ? made : got)(fresh.dataset);
    for (const [name, value] of Object.entries(answer)) form.elements[name].value = value;
    form.elements.csrf.value = fresh.elements.csrf.value;
    form.submit();
}

export function start(element) {
    if (!supported()) return;
    element.hidden = false;
    if (!(element instanceof HTMLFormElement)) return;
    const said = element.querySelector('[role=status]');
    let busy = false;
    element.addEventListener('submit', async (event) => {
        // without a name nothing is registered: the page says so before the device makes one
        if (element.elements.passkey_name?.value.trim() === '') return;
        event.preventDefault();
        if (busy) return;
        busy = true;
        said.textContent = '';
        try {
            await send(element);
        } catch (error) {
            console.warn('passkey:', error.name, error.message);
            said.textContent = error.name === 'InvalidStateError' ? element.dataset.known : element.dataset.failed;
        }
        busy = false;
    });
}
