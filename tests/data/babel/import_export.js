import { helper } from 'somewhere';
if (true) { import('later'); }
export { missing };
export class Script { process_incoming_request() { return helper(new.target); } }
