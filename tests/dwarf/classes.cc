// SPDX-License-Identifier: GPL-2.0-or-later
/* C++: references, this, namespaces, base classes, static members. */
#include <cstdint>
#include <cstring>

#define KEEP __attribute__((noinline))

volatile long sink;
static const char text[] = "box";

namespace geo
{
enum class Axis : uint8_t { X = 1, Y, Z = 200 };

struct Point {
	int x, y;
	KEEP int dist(const Point &o) const
	{
		int dx = x - o.x, dy = y - o.y;
		sink = dx; /* @ */
		return dx * dx + dy * dy;
	}
	Point operator+(const Point &o) const;
};

KEEP Point Point::operator+(const Point &o) const
{
	Point r{x + o.x, y + o.y};
	sink = r.x; /* @ */
	return r;
}

class Shape
{
      public:
	static int count;
	static const int limit = 9;
	explicit Shape(int id_) : id(id_), tag('s')
	{
		count++;
	}
	virtual ~Shape()
	{
	}
	virtual int area(int scale) = 0;
	int id;

      protected:
	char tag;
};
int Shape::count = 100;

struct Named {
	const char *name;
	unsigned flags : 4, mode : 12;
};

class Box : public Shape, public Named
{
	Point lo, hi;
	Axis axis;

      public:
	Box(int i, Point a, Point b) : Shape(i), lo(a), hi(b), axis(Axis::Z)
	{
		name = text;
		flags = 9;
		mode = 1234;
	}
	KEEP int area(int scale) override;
	KEEP const Point &corner(int which) const
	{
		const Point &c = which ? hi : lo;
		sink = c.x; /* @ */
		return c;
	}
};

int Box::area(int scale)
{
	int w = hi.x - lo.x, h = hi.y - lo.y;

	sink = w * h; /* @ */
	return w * h * scale;
}

namespace detail
{
int hidden = 55;
static long inner_static = -55;
KEEP int helper(int &ref, int &&rref, const long *p)
{
	ref += rref; /* @ */
	sink = ref + *p + inner_static;
	return ref;
}
}
}

template <typename T> struct Stack {
	T items[4];
	unsigned n = 0;
	KEEP void push(const T &v)
	{
		items[n++ & 3] = v; /* @ */
		sink = (long)n;
	}
	KEEP T pop()
	{
		T v = items[--n & 3];
		sink = (long)n; /* @ */
		return v;
	}
};

union Number {
	int64_t i;
	double d;
	struct {
		uint16_t a, b, c, e;
	} parts;
};

KEEP static long by_reference(Number &num, geo::Box &box, geo::Shape *shape,
			      geo::Axis ax)
{
	long r = num.i + box.id;
	geo::Axis next = ax == geo::Axis::X ? geo::Axis::Y : ax;

	sink = r + (long)next; /* @ */
	r += shape->area(3);
	sink = r; /* @ */
	return r;
}

KEEP static long lambdas(int k)
{
	int captured = k * 2;
	auto f = [captured, &k](int arg) {
		int inside = captured + arg;
		k++;
		sink = inside; /* @ */
		return inside;
	};
	return f(3) + f(k);
}

KEEP static int overloaded(int a)
{
	sink = a; /* @ */
	return a;
}
KEEP static int overloaded(const char *s, bool b)
{
	sink = s[0] + b; /* @ */
	return b;
}

__attribute__((constructor)) static void paint()
{
	volatile char a[16384];

	for (unsigned i = 0; i < sizeof(a); i++)
		a[i] = 0x5a;
	sink = *(const volatile char *)text; /* its page is present in main() then */
}

int main()
{
	geo::Point a{1, 2}, b{4, 6};
	Number num;
	long l = 8;
	int i = 5;

	geo::Box box(7, a, b);
	num.d = 2.5;
	sink = a.dist(b); /* @ */
	geo::Point c = a + b;
	sink = box.corner(1).x + c.y;
	sink = geo::detail::helper(i, 6, &l);
	Stack<int> si;
	Stack<geo::Point> sp;
	si.push(3);
	si.push(4);
	sp.push(a);
	sp.push(b);
	sink = si.pop() + sp.pop().x;
	sink = by_reference(num, box, &box, geo::Axis::X);
	sink = lambdas(10);
	sink = overloaded(12) + overloaded("str", true);
	return 0; /* @ */
}
