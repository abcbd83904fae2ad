<?php
/**
 * The content routes.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * `GET sitebridge/v1/items`, `GET sitebridge/v1/inventory` and `POST sitebridge/v1/items/{key}`. Servers before
 * 0.6.0 may write by PUT, and older ones name a content by its number.
 */
final class Sitebridge_Item_Routes {

	/**
	 * Decides whether the current request is accepted.
	 *
	 * @var Sitebridge_Request_Gate
	 */
	private $gate;

	/**
	 * Knows the site's types.
	 *
	 * @var Sitebridge_Structure
	 */
	private $structure;

	/**
	 * Computes the hashes.
	 *
	 * @var Sitebridge_Item_Hash
	 */
	private $hashes;

	/**
	 * Reads contents.
	 *
	 * @var Sitebridge_Item_Reader
	 */
	private $reader;

	/**
	 * Writes contents.
	 *
	 * @var Sitebridge_Item_Writer
	 */
	private $writer;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Request_Gate $gate      Decides whether the current request is accepted.
	 * @param Sitebridge_Structure    $structure Knows the site's types.
	 */
	public function __construct( Sitebridge_Request_Gate $gate, Sitebridge_Structure $structure ) {
		$this->gate      = $gate;
		$this->structure = $structure;
	}

	/**
	 * Registers the hooks.
	 */
	public function register() {
		add_action( 'rest_api_init', array( $this, 'register_routes' ) );
		add_action( 'deleted_post', array( 'Sitebridge_Item_Link', 'forget_post' ), 20 );
	}

	/**
	 * The classes that answer the routes. Only REST requests load them.
	 */
	const NEEDED = array( 'args', 'lock', 'builder', 'editor', 'hash', 'link-rules', 'reader', 'terms', 'meta', 'request', 'save', 'refusals', 'writer' );

	/**
	 * Loads the classes that answer the routes, and registers the routes.
	 */
	public function register_routes() {
		foreach ( self::NEEDED as $part ) {
			require_once __DIR__ . '/class-sitebridge-item-' . $part . '.php';
		}
		$fields       = new Sitebridge_Item_Fields( $this->structure );
		$this->hashes = new Sitebridge_Item_Hash( $fields );
		$this->reader = new Sitebridge_Item_Reader( $fields, $this->hashes );
		$this->writer = new Sitebridge_Item_Writer( $this->gate, $fields, $this->hashes, $this->reader );
		$this->add( '/items', WP_REST_Server::READABLE, array( $this, 'items' ), Sitebridge_Item_Args::items() );
		$this->add( '/inventory', WP_REST_Server::READABLE, array( $this, 'inventory' ), Sitebridge_Item_Args::inventory() );
		$this->add( '/items/(?P<content_key>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})', 'POST, PUT', array( $this, 'write' ), Sitebridge_Item_Args::write() );
		$this->add( '/items/(?P<content_id>[1-9][0-9]{0,17})', 'POST, PUT', array( $this, 'put' ), Sitebridge_Item_Args::put() );
	}

	/**
	 * Allows only signed requests, for a type that exists and that the mapped user may edit.
	 *
	 * @param WP_REST_Request $request The request.
	 * @return true|WP_Error
	 */
	public function check_permission( $request ) {
		$verdict = $this->gate->verdict();
		if ( is_wp_error( $verdict ) ) {
			return $verdict;
		}
		if ( ! $this->structure->has_post_type( $request['type'] ) ) {
			return Sitebridge_Request_Gate::refusal( 'sitebridge_unknown_type', __( 'This site has no such type of content in its REST API.', 'sitebridge-connector' ), 404 );
		}
		if ( ! current_user_can( get_post_type_object( $request['type'] )->cap->edit_posts ) ) {
			return new WP_Error( 'rest_forbidden', __( 'The user that requests act as may not edit this type of content.', 'sitebridge-connector' ), array( 'status' => 403 ) );
		}

		return true;
	}

	/**
	 * A page of contents, or some contents by id.
	 *
	 * @param WP_REST_Request $request The request.
	 * @return array
	 */
	public function items( $request ) {
		return null === $request['include']
			? $this->reader->page( $request['type'], $request['after_id'], $request['limit'], $request['newest'] )
			: $this->reader->some( $request['type'], $request['include'] ) + array(
				'last_operation' => Sitebridge_Server::last_operation(),
				'links'          => Sitebridge_Item_Link_Rules::of( $request['type'] ),
			);
	}

	/**
	 * Hashes of the site's contents: of all ranges of ids, or of each id in some ranges.
	 *
	 * @param WP_REST_Request $request The request.
	 * @return array
	 */
	public function inventory( $request ) {
		$size = $request['size'];
		if ( null !== $request['in'] ) {
			return array(
				'last_operation' => Sitebridge_Server::last_operation(),
				'links'          => Sitebridge_Item_Link_Rules::of( $request['type'] ),
				'size'           => $size,
				'items'          => $this->hashes->in_ranges( $request['type'], $size, array_unique( $request['in'] ) ),
			);
		}
		$ranges = $this->hashes->ranges( $request['type'], $size );

		return array(
			'last_operation' => Sitebridge_Server::last_operation(),
			'links'          => Sitebridge_Item_Link_Rules::of( $request['type'] ),
			'size'           => $size,
			'total'          => array_sum( array_column( $ranges, 1 ) ),
			'ranges'         => $ranges,
		);
	}

	/**
	 * Writes a content that the request identifies by its key.
	 *
	 * @param WP_REST_Request $request The request.
	 * @return WP_REST_Response|WP_Error
	 */
	public function write( $request ) {
		if ( ! Sitebridge_Server::is_named() ) {
			return new WP_Error( 'sitebridge_server_missing', __( 'The request does not say which server it comes from.', 'sitebridge-connector' ), array( 'status' => 400 ) );
		}
		$input = self::input( $request, Sitebridge_Item_Args::write() );
		if ( isset( $input['id'] ) && ! isset( $input['expected_hash'] ) ) {
			return new WP_Error( 'sitebridge_expected_hash_missing', __( 'A write to a post must say by expected_hash which state of it it follows.', 'sitebridge-connector' ), array( 'status' => 400 ) );
		}
		Sitebridge_Server::note_operation( $input['op_id'] );

		return self::answer( $this->writer->write( new Sitebridge_Item_Link( strtolower( $request->get_url_params()['content_key'] ) ), $input ) );
	}

	/**
	 * Writes a content that an older server identifies by its number.
	 *
	 * @param WP_REST_Request $request The request.
	 * @return WP_REST_Response|WP_Error
	 */
	public function put( $request ) {
		return self::answer( $this->writer->write( new Sitebridge_Number_Link( $request->get_url_params()['content_id'] ), self::input( $request, Sitebridge_Item_Args::put() ) ) );
	}

	/**
	 * The values to write. Only arguments in the body count, not arguments in the address.
	 *
	 * @param WP_REST_Request $request The request.
	 * @param array           $args    The arguments of the route.
	 * @return array
	 */
	private static function input( $request, array $args ) {
		$body = $request->get_json_params();

		return array_intersect_key( $request->get_params(), is_array( $body ) ? $body : $request->get_body_params(), $args );
	}

	/**
	 * The response to a write.
	 *
	 * @param array|WP_Error $done The writer's result.
	 * @return WP_REST_Response|WP_Error
	 */
	private static function answer( $done ) {
		return is_wp_error( $done ) ? $done : new WP_REST_Response( $done, $done['created'] ? 201 : 200 );
	}

	/**
	 * Registers a route.
	 *
	 * @param string   $route   The route's address.
	 * @param string   $methods The HTTP methods.
	 * @param callable $answer The callback.
	 * @param array    $args    The route's arguments.
	 */
	private function add( $route, $methods, $answer, array $args ) {
		register_rest_route(
			Sitebridge_Rest_Routes::REST_NAMESPACE,
			$route,
			array(
				array(
					'methods'             => $methods,
					'callback'            => Sitebridge_Rest_Routes::answering( $answer ),
					'permission_callback' => array( $this, 'check_permission' ),
					'args'                => $args,
				),
				'allow_batch' => array( 'v1' => WP_REST_Server::READABLE !== $methods ),
			)
		);
	}
}
