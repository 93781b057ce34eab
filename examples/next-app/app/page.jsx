import { Chat } from './chat.jsx';

// Whether it is a demo is known when the server runs, not when it is built.
export const dynamic = 'force-dynamic';

export default function Page() {
  return <Chat isDemo={process.env.CHAT_IS_DEMO === '1'} />;
}
