/** A binary heap whose members know their place, so that one whose rank has changed can be moved in O(log n). */

/** What can lie in a heap; `heapIndex` belongs to the heap and is -1 outside. */
export interface HeapMember {
  heapIndex: number;
}

/** The member that ranks first is on top. A member lies in one heap at a time. */
export class Heap<Member extends HeapMember> {
  readonly #members: Member[] = [];
  readonly #isBefore: (left: Member, right: Member) => boolean;

  constructor(isBefore: (left: Member, right: Member) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#members.length;
  }

  peek(): Member | undefined {
    return this.#members[0];
  }

  push(member: Member): void {
    member.heapIndex = this.#members.length;
    this.#members.push(member);
    this.#rise(member);
  }

  /** Takes a member out; harmless when it is not in. */
  remove(member: Member): void {
    if (this.#members[member.heapIndex] !== member) return;
    const last = this.#members.pop() as Member;
    if (last !== member) {
      this.#place(last, member.heapIndex);
      this.moved(last);
    }
    member.heapIndex = -1;
  }

  /** A member's rank has changed. */
  moved(member: Member): void {
    if (this.#members[member.heapIndex] !== member) return;
    this.#rise(member);
    this.#sink(member);
  }

  #rise(member: Member): void {
    while (member.heapIndex > 0) {
      const parent = this.#members[(member.heapIndex - 1) >> 1] as Member;
      if (!this.#isBefore(member, parent)) return;
      this.#swap(member, parent);
    }
  }

  #sink(member: Member): void {
    for (;;) {
      const left = this.#members[member.heapIndex * 2 + 1];
      const right = this.#members[member.heapIndex * 2 + 2];
      const first = left !== undefined && right !== undefined && this.#isBefore(right, left) ? right : left;
      if (first === undefined || !this.#isBefore(first, member)) return;
      this.#swap(member, first);
    }
  }

  #swap(left: Member, right: Member): void {
    const { heapIndex } = left;
    this.#place(left, right.heapIndex);
    this.#place(right, heapIndex);
  }

  #place(member: Member, index: number): void {
    this.#members[index] = member;
    member.heapIndex = index;
  }
}
