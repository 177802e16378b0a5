// Intrusive doubly linked list. A node unlinks itself when destroyed; a list never owns its nodes.
// An object that sits in several lists at once derives from ListNode<Tag> once per tag.
#pragma once

namespace sluice {

template <class Tag = void>
class ListNode {
 public:
  ListNode() = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;
  ~ListNode() { unlink(); }

  bool linked() const { return next_ != nullptr; }
  void unlink() {
    if (next_ == nullptr) { return; }
    prev_->next_ = next_;
    next_->prev_ = prev_;
    prev_ = next_ = nullptr;
  }

 private:
  template <class, class>
  friend class List;
  ListNode* prev_ = nullptr;
  ListNode* next_ = nullptr;
};

template <class T, class Tag = void>
class List {
  using Node = ListNode<Tag>;

 public:
  List() { head_.prev_ = head_.next_ = &head_; }
  List(const List&) = delete;
  List& operator=(const List&) = delete;
  ~List() {
    while (!empty()) { front()->Node::unlink(); }
    head_.prev_ = head_.next_ = nullptr;
  }

  bool empty() const { return head_.next_ == &head_; }
  T* front() { return empty() ? nullptr : static_cast<T*>(head_.next_); }
  T* back() { return empty() ? nullptr : static_cast<T*>(head_.prev_); }
  // The element after `item`, or null at the end.
  T* next(T* item) {
    Node* node = static_cast<Node*>(item)->next_;
    return node == &head_ ? nullptr : static_cast<T*>(node);
  }
  // These move an item that is in a list already; it may even be at that end of this one.
  void push_back(T* item) {
    static_cast<Node*>(item)->unlink();
    insert(head_.prev_, item);
  }
  void push_front(T* item) {
    static_cast<Node*>(item)->unlink();
    insert(&head_, item);
  }
  T* pop_front() {
    T* item = front();
    if (item != nullptr) { static_cast<Node*>(item)->unlink(); }
    return item;
  }
  // Moves everything of `other` to the end of this list.
  void splice(List& other) {
    while (T* item = other.pop_front()) { push_back(item); }
  }

 private:
  void insert(Node* after, T* item) {
    Node* node = static_cast<Node*>(item);
    node->prev_ = after;
    node->next_ = after->next_;
    after->next_->prev_ = node;
    after->next_ = node;
  }
  Node head_;
};

}  // namespace sluice
