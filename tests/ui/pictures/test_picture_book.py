"""Which pictures of a run are looked at."""

from aetui.runs.events import PreviewSaved
from aetui.ui.pictures.picture_book import PictureBook


def saved(epoch, samples="fixed"):
    ending = "" if samples == "fixed" else f"_{samples}"
    return PreviewSaved(epoch, f"epoch_{epoch:04d}{ending}.png", epoch * 10, samples)


def book_of(*pages):
    book = PictureBook()
    book.update(pages)
    return book


def test_the_newest_page_is_followed_until_one_is_held():
    book = book_of()
    assert book.page is None
    assert not book.turn(1)
    book.update([saved(0), saved(1)])
    assert book.page == saved(1)
    assert book.turn(-1)
    book.update([saved(n) for n in range(4)])
    assert book.page == saved(0)
    assert not book.turn(-1)
    assert [book.turn(1) for _ in range(4)] == [True, True, True, False]
    assert book.follows
    book.update([saved(n) for n in range(5)])
    assert book.page == saved(4)


def test_other_samples_are_of_the_same_epoch():
    book = book_of(*(saved(n, s) for n in range(3) for s in ("fixed", "worst", "best")))
    book.turn(-1)
    pages = []
    for _ in range(3):
        pages.append(book.page)
        book.choose_next_samples()
    assert pages == [saved(1), saved(1, "worst"), saved(1, "best")]


def test_a_rewound_book_ends_at_the_newest():
    book = book_of(saved(0), saved(1))
    book.rewind()
    assert book.page == saved(0)
    assert book.turn(1)
    assert book.follows


def test_pictures_of_one_step_are_pages_of_their_own():
    book = book_of(saved(0), PreviewSaved(0, "step_00000010.png", 10), saved(1), saved(2))
    turned = []
    while book.turn(-1):
        turned.append(book.page.file)
    assert turned == ["epoch_0001.png", "step_00000010.png", "epoch_0000.png"]


def test_the_end_of_a_shorter_list_follows_again():
    book = book_of(saved(0), saved(1), saved(0, "worst"), saved(2))
    book.turn(-1)
    book.choose_next_samples()
    assert book.page == saved(0, "worst")
    assert not book.turn(1)
    assert book.follows
