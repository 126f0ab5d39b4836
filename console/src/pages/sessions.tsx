import { SessionsTable } from './sessions-table.js';

export default function SessionsPage() {
  return <SessionsTable />;
}
