'use client';

import { useEffect, useRef, useState } from 'react';
import { answerTo } from '../src/answer.ts';

const ideas = ['Why is the sky blue?', 'Explain backpressure to a child.', 'Write a haiku about rivers.'];

/** Turns of a conversation: `{ id, whose: 'mine' | 'theirs', text, state, note }`. */
export function Chat({ isDemo }) {
  const [turns, setTurns] = useState([]);
  const [question, setQuestion] = useState('');
  const leave = useRef(null);
  const talk = useRef(null);
  const box = useRef(null);
  const isBusy = turns.at(-1)?.state === 'running';
  useKeepingTheEndInSight(talk, turns);
  useEffect(() => {
    // A phone would open its keyboard over the answer.
    if (!isBusy && matchMedia('(hover: hover)').matches) box.current?.focus();
  }, [isBusy]);

  async function ask(text) {
    if (text === '' || leave.current !== null) return;
    const id = turns.length;
    const change = (more) =>
      setTurns((all) => all.map((turn) => (turn.id === id + 1 ? { ...turn, ...more(turn) } : turn)));
    setQuestion('');
    setTurns([
      ...turns,
      { id, whose: 'mine', text, state: 'ended' },
      { id: id + 1, whose: 'theirs', text: '', state: 'running' },
    ]);
    leave.current = new AbortController();
    const { signal } = leave.current;
    try {
      await answerTo(contentsOf(turns, text), (piece) => change((turn) => ({ text: turn.text + piece })), signal);
      change(() => ({ state: 'ended' }));
    } catch (error) {
      change(() =>
        signal.aborted ? { state: 'stopped', note: 'Stopped.' } : { state: 'failed', note: error.message },
      );
    }
    leave.current = null;
  }

  return (
    <>
      <header>
        <h1>Chat</h1>
        <span className="model">gemini-2.5-flash</span>
      </header>
      {isDemo && (
        <p className="demo" role="status">
          <strong>Demo mode.</strong> A simulator answers, and what it says does not come from Gemini. Set{' '}
          <code>GEMINI_API_KEYS</code> and start again for the real thing.
        </p>
      )}
      <main ref={talk} role="log" aria-live="polite" aria-label="Conversation" aria-busy={isBusy}>
        {turns.length === 0 && <Welcome onPick={ask} />}
        {turns.map((turn) => (
          <Turn key={turn.id} {...turn} />
        ))}
      </main>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          ask(question.trim());
        }}
      >
        <textarea
          ref={box}
          rows={1}
          required
          value={question}
          aria-label="Your question"
          placeholder="Ask something"
          onChange={(event) => setQuestion(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
            event.preventDefault();
            ask(question.trim());
          }}
        />
        {isBusy ? (
          <button type="button" className="stop" onClick={() => leave.current?.abort()} aria-label="Stop">
            <svg viewBox="0 0 20 20" aria-hidden="true">
              <rect x="5" y="5" width="10" height="10" rx="2" />
            </svg>
          </button>
        ) : (
          <button type="submit" className="send" aria-label="Send" disabled={question.trim() === ''}>
            <svg viewBox="0 0 20 20" aria-hidden="true">
              <path d="M10 16V4m0 0L5 9m5-5 5 5" />
            </svg>
          </button>
        )}
      </form>
    </>
  );
}

function Welcome({ onPick }) {
  return (
    <div className="welcome">
      <h2>What would you like to know?</h2>
      <ul>
        {ideas.map((idea) => (
          <li key={idea}>
            <button type="button" className="idea" onClick={() => onPick(idea)}>
              {idea}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Turn({ whose, text, state, note }) {
  return (
    <div className={`turn ${whose}`} data-state={state}>
      {(text !== '' || state === 'running') && <p>{text}</p>}
      {note && (
        <div className="note" role={state === 'failed' ? 'alert' : undefined}>
          {note}
        </div>
      )}
    </div>
  );
}

/** What was said stays in the conversation; a question that got no answer at all is left out of it. */
function contentsOf(turns, question) {
  const said = turns.filter(({ whose, text }, at) => text !== '' && (whose === 'theirs' || turns[at + 1]?.text !== ''));
  return [...said, { whose: 'mine', text: question }].map(({ whose, text }) => ({
    role: whose === 'mine' ? 'user' : 'model',
    parts: [{ text }],
  }));
}

/** Unless somebody has scrolled up to read. */
function useKeepingTheEndInSight(talk, turns) {
  const isAtEnd = useRef(true);
  useEffect(() => {
    const box = talk.current;
    const look = () => {
      isAtEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
    };
    box.addEventListener('scroll', look, { passive: true });
    return () => box.removeEventListener('scroll', look);
  }, [talk]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each change of what is said may move the end
  useEffect(() => {
    if (isAtEnd.current) talk.current.scrollTop = talk.current.scrollHeight;
  }, [talk, turns]);
}
