/** The chat. It has `window.gemini` and nothing else: no network, no files, no key. */

const { gemini } = window;
const byId = (id) => document.getElementById(id);
const [talk, question, send, stop, panel] = ['talk', 'question', 'send', 'stop', 'panel'].map(byId);

/** What is kept of a conversation: its turns, and how each answer ended. */
const maxChats = 50;
let chats = read();
let chat = chats[0] ?? fresh();
/** The answer under way, or null. */
let running = null;

const standings = {
  none: ['No API key', 'There is no key yet.'],
  saved: ['API key saved', 'A key is saved, encrypted, and in use.'],
  session: ['Key for this session', 'A key is in use until the app ends. It is not written anywhere.'],
  locked: ['API key locked', 'A key is saved under a passphrase. Give it to use the key.'],
};

gemini.on('newChunk', ({ id, text }) => {
  if (running?.id !== id) return;
  running.turn.text += text;
  follow(() => running.paragraph.append(text));
});
gemini.on('streamEnd', ({ id, finishReason, blockReason }) => {
  if (running?.id !== id) return;
  if (finishReason === 'STOP') end('ended');
  else end('failed', `The model stopped here: ${blockReason ?? finishReason}.`);
});
gemini.on('streamError', ({ id, code, message }) => {
  if (running?.id !== id) return;
  end('failed', message);
  if (code === 'no_usable_key') openPanel();
});

byId('form').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = question.value.trim();
  if (text === '' || running !== null) return;
  question.value = '';
  ask(text);
});
question.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId('form').requestSubmit();
});
stop.addEventListener('click', () => leave());
byId('fresh').addEventListener('click', () => open(fresh()));
window.addEventListener('pagehide', () => leave());

async function ask(text) {
  talk.querySelector('.empty')?.remove();
  chat.title ||= text.slice(0, 80);
  chat.turns.push({ role: 'user', text });
  show(chat.turns.at(-1));
  const contents = contentsOf(chat.turns);
  const turn = { role: 'model', text: '', state: 'running' };
  chat.turns.push(turn);
  running = { id: null, turn, ...show(turn) };
  const mine = running;
  chats = [chat, ...chats.filter((one) => one !== chat)].slice(0, maxChats);
  keep();
  showChats();
  busy(true);
  try {
    const id = await gemini.startChat({ model: byId('model').value, contents });
    if (running === mine) running.id = id;
    else await gemini.cancel(id); // stopped before it had begun
  } catch (error) {
    if (running === mine) end('failed', error.message);
  }
}

/** Questions that got no answer at all are not asked again with the next one. */
function contentsOf(turns) {
  const said = turns.filter(
    ({ role, text }, index) => text !== '' && (role === 'model' || turns[index + 1]?.text !== ''),
  );
  return said.map(({ role, text }) => ({ role, parts: [{ text }] }));
}

function leave() {
  if (running === null) return;
  if (running.id !== null) gemini.cancel(running.id);
  end('stopped', 'Stopped.');
}

function end(state, note) {
  Object.assign(running.turn, { state, note });
  const { box } = running;
  follow(() => mark(box, running.turn));
  running = null;
  keep();
  busy(false);
}

function show(turn) {
  const box = document.createElement('div');
  const paragraph = document.createElement('p');
  box.className = `turn ${turn.role === 'user' ? 'mine' : 'theirs'}`;
  paragraph.textContent = turn.text;
  box.append(paragraph);
  mark(box, turn);
  talk.append(box);
  talk.scrollTop = talk.scrollHeight;
  return { box, paragraph };
}

function mark(box, { state = 'ended', note }) {
  box.dataset.state = state;
  if (note === undefined) return;
  const words = document.createElement('div');
  words.className = 'note';
  if (state === 'failed') words.setAttribute('role', 'alert');
  words.textContent = note;
  box.append(words);
}

/** Keeps the end in sight, unless somebody has scrolled up to read. */
function follow(change) {
  const isAtEnd = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 40;
  change();
  if (isAtEnd) talk.scrollTop = talk.scrollHeight;
}

function busy(isBusy) {
  talk.setAttribute('aria-busy', String(isBusy));
  send.hidden = isBusy;
  stop.hidden = !isBusy;
  if (!isBusy && !panel.open) question.focus();
}

// Conversations

function fresh() {
  return { id: crypto.randomUUID(), title: '', turns: [] };
}

function open(other) {
  leave();
  chat = other;
  showChats();
  showChat();
}

function showChat() {
  byId('title').textContent = chat.title || 'New chat';
  const empty = document.createElement('p');
  empty.className = 'empty';
  empty.append(Object.assign(document.createElement('strong'), { textContent: 'What shall we talk about?' }));
  empty.append('Enter sends, Shift+Enter begins a new line.');
  talk.replaceChildren(...(chat.turns.length === 0 ? [empty] : []));
  for (const turn of chat.turns) show(turn);
  question.focus();
}

function showChats() {
  byId('title').textContent = chat.title || 'New chat';
  byId('chats').replaceChildren(
    ...chats.map((one) => {
      const item = document.createElement('li');
      const [name, drop] = [document.createElement('button'), document.createElement('button')];
      Object.assign(name, { className: 'open', textContent: one.title, title: one.title, type: 'button' });
      Object.assign(drop, { className: 'drop', textContent: '×', type: 'button', ariaLabel: `Delete “${one.title}”` });
      name.addEventListener('click', () => open(one));
      drop.addEventListener('click', () => {
        chats = chats.filter((other) => other !== one);
        if (one === chat) open(chats[0] ?? fresh());
        keep();
        showChats();
      });
      item.className = one === chat ? 'current' : '';
      if (one === chat) name.setAttribute('aria-current', 'true');
      item.append(name, drop);
      return item;
    }),
  );
}

/** An answer that was under way when the page went is as far as it had come. */
function read() {
  try {
    const kept = JSON.parse(localStorage.getItem('chats') ?? '[]');
    for (const { turns } of kept) for (const turn of turns) if (turn.state === 'running') turn.state = 'stopped';
    return kept;
  } catch {
    return [];
  }
}

function keep() {
  localStorage.setItem('chats', JSON.stringify(chats));
}

// The key

byId('settings').addEventListener('click', () => openPanel());
byId('close-panel').addEventListener('click', () => panel.close());
byId('key-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const [key, passphrase] = [byId('key').value, byId('passphrase').value || undefined];
  const isLocked = byId('settings').dataset.state === 'locked' && key === '';
  return change(() => (isLocked ? gemini.unlockApiKey(passphrase ?? '') : gemini.saveApiKey(key, passphrase)));
});
byId('forget').addEventListener('click', () => change(() => gemini.deleteApiKey(), false));

async function change(act, closes = true) {
  byId('key-trouble').hidden = true;
  byId('save').disabled = true;
  try {
    await act();
    for (const id of ['key', 'passphrase']) byId(id).value = '';
    if (closes) panel.close();
  } catch (error) {
    byId('key-trouble').textContent = error.message;
    byId('key-trouble').hidden = false;
  }
  byId('save').disabled = false;
  await showKey();
}

async function showKey() {
  const { state, reason, encryption } = await gemini.keyState();
  const isDemo = reason === 'given' && location.search === '?demo';
  const [short, long] = isDemo ? ['Demo', 'A simulator answers until there is a key.'] : standings[state];
  byId('settings').dataset.state = isDemo ? 'none' : state;
  byId('standing').textContent = short;
  byId('key-words').textContent =
    reason === 'unreadable' ? 'A key was saved once and cannot be read here. It is kept beside the next one.' : long;
  byId('demo').hidden = !isDemo;
  byId('forget').hidden = state === 'none' || reason === 'given';
  byId('passphrase-label').hidden = encryption === 'os' && state !== 'locked';
  byId('passphrase-hint').hidden = encryption === 'os' || state === 'locked';
  byId('save').textContent = state === 'locked' ? 'Unlock' : 'Save';
}

function openPanel() {
  byId('key-trouble').hidden = true;
  panel.showModal();
  byId(byId('settings').dataset.state === 'locked' ? 'passphrase' : 'key').focus();
}

showChats();
showChat();
await showKey();
busy(false);
