"""The optimiser's peers on instance files: one JSON line for each file, added to OUT (HiGHS greets on standard output).

    python peers.py PEER ROUNDS LIMIT_S OUT FILE...

PEER: mcf (OR-Tools minimum cost flow; nested groups are in its network, other groups and households are not), lsa (scipy's
linear sum assignment on a dense matrix; no groups), lp and mip (HiGHS called directly, the whole model), cpsat (OR-Tools
CP-SAT, the whole model), fcfs (first come, first served, the earliest place).
Times are of one thread, in milliseconds: `build_ms` until the peer's own model stands, `ms` for each of its solves. What it
found is priced and checked here, from the assignment alone.
"""

import collections
import json
import sys
import time


def steps_of(group, load_max):
    """The group's step prices as (units, price), as far as its load can go."""
    left = load_max if group["max"] is None else min(load_max, group["max"])
    if not group["steps"]:
        return [(left, 0)]
    told = []
    for width, price in group["steps"]:
        units = left if width is None else min(width, left)
        told.append((units, price))
        left -= units
    return told


def counts(group, demand):
    return group["classes"] is None or any(name in group["classes"] for name in demand["classes"])


def objective(instance, assign):
    """Recomputed from the assignment alone, in whole numbers."""
    points = 0
    for demand, place in zip(instance["demands"], assign):
        points += demand["penalty"] if place < 0 else dict(map(tuple, demand["arcs"]))[place]
    for group in instance["groups"]:
        inside = set(group["resources"])
        load = sum(1 for demand, place in zip(instance["demands"], assign) if place in inside and counts(group, demand))
        points += sum(units * price for units, price in steps_of(group, load))
    for household in instance["households"]:
        places = {assign[member] for member in household["members"]}
        if len(places) > 1:
            points += household["split_penalty"] * sum(1 for member in household["members"] if assign[member] >= 0)
    return points


def faults(instance, assign):
    """What a peer did that the instance forbids."""
    places = instance["resources"]
    for demand, place in zip(instance["demands"], assign):
        if place >= 0 and place not in dict(map(tuple, demand["arcs"])):
            yield f"{demand['id']} may not use {places[place]['id']}"
    taken = collections.Counter(assign)
    for number, resource in enumerate(places):
        if taken[number] > resource["capacity"]:
            yield f"{resource['id']} takes too many"
    for group in instance["groups"]:
        inside = set(group["resources"])
        load = sum(1 for demand, place in zip(instance["demands"], assign) if place in inside and counts(group, demand))
        if group["max"] is not None and load > group["max"]:
            yield f"{group['id']} takes too many"


def tree(instance):
    """Parent of each resource and of each nested group: widest groups first, as far as they nest and count everybody."""
    parent = {}
    groups = [g for g in instance["groups"] if g["classes"] is None and g["resources"]]
    groups.sort(key=lambda group: -len(group["resources"]))
    above, kept = {}, []
    for number, group in enumerate(groups):
        over = {above.get(resource) for resource in group["resources"]}
        if len(over) != 1:
            continue
        kept.append((number, group, over.pop()))
        for resource in group["resources"]:
            above[resource] = number
    return above, kept


def mcf(instance, rounds, _limit):
    from ortools.graph.python import min_cost_flow

    demands, resources = instance["demands"], instance["resources"]
    began = time.perf_counter()
    above, kept = tree(instance)
    people, places, groups = len(demands), len(resources), len(kept)
    node = {number: people + places + position for position, (number, _, _) in enumerate(kept)}
    sink, out = people + places + groups, people + places + groups + 1
    tail, head, capacity, cost = [], [], [], []

    def arc(a, b, units, price):
        tail.append(a), head.append(b), capacity.append(units), cost.append(price)

    for index, demand in enumerate(demands):
        for resource, price in demand["arcs"]:
            arc(index, people + resource, 1, price)
        arc(index, out, 1, demand["penalty"])
    for index, resource in enumerate(resources):
        arc(people + index, node[above[index]] if index in above else sink, resource["capacity"], 0)
    for number, group, over in kept:
        for units, price in steps_of(group, people):
            if units:
                arc(node[number], sink if over is None else node[over], units, price)
    arc(out, sink, people, 0)
    built = time.perf_counter()
    times = []
    for _ in range(rounds):
        flow = min_cost_flow.SimpleMinCostFlow()
        flow.add_arcs_with_capacity_and_unit_cost(tail, head, capacity, cost)
        flow.set_nodes_supplies(range(people), [1] * people)
        flow.set_node_supply(sink, -people)
        start = time.perf_counter()
        status = flow.solve()
        times.append((time.perf_counter() - start) * 1e3)
        assert status == flow.OPTIMAL, status
    assign = [-1] * people
    position = 0
    for index, demand in enumerate(demands):
        for resource, _ in demand["arcs"]:
            if flow.flow(position):
                assign[index] = resource
            position += 1
        position += 1
    seen = {id(group) for _, group, _ in kept}
    whole = not instance["households"] and all(
        id(group) in seen for group in instance["groups"] if group["resources"] and group["steps"]
    )
    return {"times": times, "build": built - began, "assign": assign, "bound": flow.optimal_cost(), "proved": whole}


def lsa(instance, rounds, _limit):
    import numpy
    from scipy.optimize import linear_sum_assignment

    demands, places = instance["demands"], len(instance["resources"])
    began = time.perf_counter()
    dense = numpy.full((len(demands), places + len(demands)), 10**9, dtype=numpy.int64)
    for index, demand in enumerate(demands):
        for resource, price in demand["arcs"]:
            dense[index, resource] = price
        dense[index, places + index] = demand["penalty"]
    built = time.perf_counter()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        rows, columns = linear_sum_assignment(dense)
        times.append((time.perf_counter() - start) * 1e3)
    assign = [-1] * len(demands)
    for row, column in zip(rows, columns):
        assign[row] = int(column) if column < places else -1
    return {"times": times, "build": built - began, "assign": assign, "proved": not instance["groups"]}


def columns_of(instance):
    """The whole model's binary columns: (members, resource, points)."""
    home = {member: household for household in instance["households"] for member in household["members"]}
    columns = []
    for index, demand in enumerate(instance["demands"]):
        apart = home[index]["split_penalty"] if index in home else 0
        columns += [([index], resource, price + apart) for resource, price in demand["arcs"]]
    for household in instance["households"]:
        members = household["members"]
        costs = [dict(map(tuple, instance["demands"][member]["arcs"])) for member in members]
        for resource in set(costs[0]).intersection(*costs[1:]):
            if len(members) <= instance["resources"][resource]["capacity"]:
                columns.append((members, resource, sum(cost[resource] for cost in costs)))
    return columns


def highs(instance, rounds, limit, whole_numbers):
    import highspy

    demands, resources, groups = instance["demands"], instance["resources"], instance["groups"]
    began = time.perf_counter()
    columns = columns_of(instance)
    of_resource = {}
    for number, group in enumerate(groups):
        for resource in group["resources"]:
            of_resource.setdefault(resource, []).append(number)
    first_group = len(demands) + len(resources)
    starts, index, value, costs, upper = [], [], [], [], []

    def column(terms, cost, most):
        starts.append(len(index)), costs.append(cost), upper.append(most)
        for row, units in terms:
            index.append(row), value.append(units)

    for members, resource, cost in columns:
        terms = [(member, 1) for member in members] + [(len(demands) + resource, len(members))]
        for number in of_resource.get(resource, []):
            units = sum(1 for member in members if counts(groups[number], demands[member]))
            if units:
                terms.append((first_group + number, units))
        column(terms, cost - sum(demands[member]["penalty"] for member in members), 1)
    for number, group in enumerate(groups):
        for units, price in steps_of(group, len(demands)):
            column([(first_group + number, -1)], price, units)
    base = sum(demand["penalty"] for demand in demands)
    limits = [1] * len(demands) + [resource["capacity"] for resource in resources] + [0] * len(groups)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_, lp.offset_ = len(costs), len(limits), base
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = costs, [0] * len(costs), upper
    lp.row_lower_, lp.row_upper_ = [-highspy.kHighsInf] * len(limits), limits
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = starts + [len(index)], index, value
    if whole_numbers:
        kinds = [highspy.HighsVarType.kInteger] * len(columns)
        lp.integrality_ = kinds + [highspy.HighsVarType.kContinuous] * (len(costs) - len(columns))
    built = time.perf_counter()
    times = []
    for _ in range(rounds):
        solver = highspy.Highs()
        for option, setting in [("output_flag", False), ("threads", 1), ("time_limit", float(limit))]:
            solver.setOptionValue(option, setting)
        if whole_numbers:
            solver.setOptionValue("mip_rel_gap", 0.0)
            solver.setOptionValue("mip_abs_gap", 0.999)
        solver.passModel(lp)
        start = time.perf_counter()
        solver.run()
        times.append((time.perf_counter() - start) * 1e3)
    ended = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    values = list(solver.getSolution().col_value)
    assign, fraction = [-1] * len(demands), not values
    for (members, resource, _), amount in zip(columns, values):
        if amount > 1 - 1e-6:
            for member in members:
                assign[member] = resource
        elif amount > 1e-6:
            fraction = True
    bound = solver.getInfo().mip_dual_bound if whole_numbers else solver.getInfo().objective_function_value
    return {
        "times": times,
        "build": built - began,
        "assign": None if fraction else assign,
        "bound": bound if ended or whole_numbers else None,
        "proved": ended and not fraction,
    }


def cpsat(instance, rounds, limit):
    from ortools.sat.python import cp_model

    demands, groups = instance["demands"], instance["groups"]
    began = time.perf_counter()
    model = cp_model.CpModel()
    columns = columns_of(instance)
    chosen = [model.new_bool_var("") for _ in columns]
    of_demand, of_resource = {}, {}
    for variable, (members, resource, _) in zip(chosen, columns):
        for member in members:
            of_demand.setdefault(member, []).append(variable)
        of_resource.setdefault(resource, []).append((variable, members))
    for variables in of_demand.values():
        model.add_at_most_one(variables)
    for resource, taken in of_resource.items():
        capacity = instance["resources"][resource]["capacity"]
        model.add(sum(variable * len(members) for variable, members in taken) <= capacity)
    points = [
        variable * (cost - sum(demands[member]["penalty"] for member in members))
        for variable, (members, _, cost) in zip(chosen, columns)
    ]
    for group in groups:
        load = [
            variable * sum(1 for member in members if counts(group, demands[member]))
            for resource in group["resources"]
            for variable, members in of_resource.get(resource, [])
        ]
        steps = []
        for units, price in steps_of(group, len(demands)):
            step = model.new_int_var(0, units, "")
            steps.append(step)
            points.append(step * price)
        model.add(sum(load) <= sum(steps))
    model.minimize(sum(points) + sum(demand["penalty"] for demand in demands))
    built = time.perf_counter()
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = float(limit)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        status = solver.solve(model)
        times.append((time.perf_counter() - start) * 1e3)
    assign = None
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        assign = [-1] * len(demands)
        for variable, (members, resource, _) in zip(chosen, columns):
            if solver.boolean_value(variable):
                for member in members:
                    assign[member] = resource
    proved = status == cp_model.OPTIMAL
    return {"times": times, "build": built - began, "assign": assign, "bound": solver.best_objective_bound, "proved": proved}


def fcfs(instance, rounds, _limit):
    """In order of arrival; among the places left, the first in the order of the file."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        left = [resource["capacity"] for resource in instance["resources"]]
        assign = []
        for demand in instance["demands"]:
            free = (resource for resource, price in demand["arcs"] if left[resource] and price < demand["penalty"])
            place = next(free, -1)
            if place >= 0:
                left[place] -= 1
            assign.append(place)
        times.append((time.perf_counter() - start) * 1e3)
    return {"times": times, "build": 0, "assign": assign, "proved": False}


PEERS = {
    "mcf": mcf,
    "lsa": lsa,
    "lp": lambda instance, rounds, limit: highs(instance, rounds, limit, False),
    "mip": lambda instance, rounds, limit: highs(instance, rounds, limit, True),
    "cpsat": cpsat,
    "fcfs": fcfs,
}

# Quick enough for a first solve in a cold process to be told from the others.
WARMED = ("mcf", "lsa")


def main():
    peer, rounds, limit, out, files = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4], sys.argv[5:]
    for position, path in enumerate(files):
        with open(path, encoding="utf-8") as file:
            instance = json.load(file)
        if position == 0 and peer in WARMED:
            PEERS[peer](instance, 1, limit)
        found = PEERS[peer](instance, rounds, limit)
        assign = found["assign"]
        wrong = list(faults(instance, assign)) if assign is not None else []
        if wrong:
            sys.exit(f"{path}: {peer}: {wrong[0]}")
        answer = {
            "what": "solve",
            "file": path.rsplit("/", 1)[-1],
            "solver": peer,
            "found": {
                "ms": found["times"],
                "build_ms": found["build"] * 1e3,
                "objective": objective(instance, assign) if assign is not None else None,
                "bound": found.get("bound"),
                "proved": rounds if found["proved"] else 0,
            },
        }
        with open(out, "a", encoding="utf-8") as lines:
            lines.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
