"""Edwards25519 written down naively from RFC 8032 section 5.1, affine and slow."""

from hashlib import sha512

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]
IDENTITY: Point = (0, 1)


def recover_x(y: int, sign: int) -> int | None:
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square:
        return None
    return P - x if x % 2 != sign and x else x


def decode(data: bytes) -> Point | None:
    """The point a lenient decoder reads: y is reduced, the sign of zero ignored."""
    number = int.from_bytes(data, "little")
    y = number % 2**255 % P
    x = recover_x(y, number >> 255)
    return None if x is None else (x, y)


def encode(point: Point) -> bytes:
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def add(a: Point, b: Point) -> Point:
    product = D * a[0] * b[0] * a[1] * b[1]
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + product, -1, P) % P
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, P) % P
    return x, y


def multiply(scalar: int, point: Point) -> Point:
    result = IDENTITY
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def _base() -> Point:
    y = 4 * pow(5, -1, P) % P
    x = recover_x(y, 0)
    if x is None:
        raise ArithmeticError
    return x, y


BASE = _base()


def small_order_points() -> list[Point]:
    """The eight points P with [8]P = identity."""
    seed = 2
    while True:
        x = recover_x(seed, 0)
        if x is not None:
            generator = multiply(L, (x, seed))
            if multiply(4, generator) != IDENTITY:
                return [multiply(k, generator) for k in range(8)]
        seed += 1


def challenge(r: bytes, a: bytes, message: bytes) -> int:
    return int.from_bytes(sha512(r + a + message).digest(), "little") % L


def verify_cofactorless(a: bytes, signature: bytes, message: bytes) -> bool:
    """[S]B - [h]A encodes to exactly R, and S < L."""
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    point = decode(a)
    if point is None or s >= L:
        return False
    minus = (P - point[0], point[1])
    return encode(add(multiply(s, BASE), multiply(challenge(r, a, message), minus))) == r
