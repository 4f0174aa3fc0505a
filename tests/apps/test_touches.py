import csv
import io
import json

from haco.apps.touches import Touches, events_table


def feed(touches: Touches, values: list[float | None], start: int = 0) -> None:
    for index, value in enumerate(values, start):
        if value is not None:
            touches.update(index, index / 10, 1, "left", {"hand": value, "wrist": value / 4})


def test_a_touch_begins_above_the_threshold_and_ends_below_it():
    touches = Touches(0.2, patience=3)
    feed(touches, [0.1, 0.55, 0.7, 0.45, 0.55, 0.4, 0.3, 0.1])
    touches.finish(7)
    (touch,) = [touch for touch in touches.done if touch.part == "hand"]
    assert (touch.onset_frame, touch.release_frame, touch.end) == (2, 6, "released")
    assert (touch.onset_time, touch.release_time, touch.peak) == (0.2, 0.6, 0.7)


def test_values_that_tremble_about_the_threshold_make_no_event():
    touches = Touches(0.2, patience=3)
    feed(touches, [0.45, 0.55, 0.48, 0.6, 0.4] * 4)
    touches.finish(19)
    assert not touches.done


def test_a_hand_out_of_sight_ends_its_touch_where_it_was_last_seen():
    touches = Touches(0.9, patience=3)
    feed(touches, [0.9, 0.9, None, None, 0.9, None, None, None, None, None, 0.9])
    touches.finish(10)
    found = [(t.onset_frame, t.release_frame, t.end) for t in touches.done]
    assert found == [(0, 4, "lost"), (10, 10, "clip")]


def test_parts_have_the_threshold_of_the_weights():
    touches = Touches(0.2, patience=3)
    feed(touches, [0.8, 0.99, 1.0, 1.0])  # the wrist at a quarter of it
    touches.finish(3)
    assert {touch.part for touch in touches.done} == {"hand"}
    touches = Touches(0.1, patience=3)
    feed(touches, [0.8, 0.99, 1.0, 1.0])
    touches.finish(3)
    assert {touch.part for touch in touches.done} == {"hand", "wrist"}


def test_a_state_kept_as_json_goes_on_alike():
    values = [0.9, 0.9, 0.2, 0.9, None, 0.9, 0.1, 0.8]
    whole, first, second = (Touches(0.2, patience=3) for _ in range(3))
    feed(whole, values)
    feed(first, values[:4])
    second.restore(json.loads(json.dumps(first.state())))
    feed(second, values[4:], start=4)
    whole.finish(7)
    second.finish(7)
    assert whole.done == second.done


def test_the_table_is_in_order_of_onset():
    touches = Touches(0.1, patience=3)
    feed(touches, [0.1, 0.9, 0.9, 0.1, 0.9, 0.1])
    touches.finish(5)
    rows = list(csv.DictReader(io.StringIO(events_table(touches.done))))
    assert [row["onset_frame"] for row in rows] == ["1", "1", "4", "4"]
    assert [row["part"] for row in rows] == ["hand", "wrist"] * 2
    assert rows[0]["seconds"] == "0.200"
