export { clientBoard, serverBoard } from './board.ts';
export { fairly } from './fair.ts';
