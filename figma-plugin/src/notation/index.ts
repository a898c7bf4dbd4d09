export { NotationError } from './cursor';
export { parse, repair } from './read';
export { print, printNode, ratioText } from './write';
