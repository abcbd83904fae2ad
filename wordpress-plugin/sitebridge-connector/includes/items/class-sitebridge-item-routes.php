<?php
/**
 * The routes for contents.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * `GET sitebridge/v1/items`, `GET sitebridge/v1/inventory` and `PUT sitebridge/v1/items/{content_id}`.
 */
final class Sitebridge_Item_Routes {

	/**
	 * Decides about the current request.
	 *
	 * @var Sitebridge_Request_Gate
	 */
	private $gate;

	/**
	 * Knows which types there are.
	 *
	 * @var Sitebridge_Structure
	 */
	private $structure;

	/**
	 * Makes the hashes.
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
	 * Takes what it needs.
	 *
	 * @param Sitebridge_Request_Gate $gate      Decides about the current request.
	 * @param Sitebridge_Structure    $structure Knows which types there are.
	 */
	public function __construct( Sitebridge_Request_Gate $gate, Sitebridge_Structure $structure ) {
		$fields          = new Sitebridge_Item_Fields( $structure );
		$this->gate      = $gate;
		$this->structure = $structure;
		$this->hashes    = new Sitebridge_Item_Hash( $fields );
		$this->reader    = new Sitebridge_Item_Reader( $fields, $this->hashes );
		$this->writer    = new Sitebridge_Item_Writer( $gate, $fields, $this->hashes, $this->reader );
	}

	/**
	 * Registers the hooks.
	 */
	public function register() {
		add_action( 'rest_api_init', array( $this, 'register_routes' ) );
		add_action( 'deleted_post', array( 'Sitebridge_Item_Links', 'forget' ), 20 );
	}

	/**
	 * Registers the routes.
	 */
	public function register_routes() {
		$this->add( '/items', WP_REST_Server::READABLE, array( $this, 'items' ), Sitebridge_Item_Args::items() );
		$this->add( '/inventory', WP_REST_Server::READABLE, array( $this, 'inventory' ), Sitebridge_Item_Args::inventory() );
		$this->add( '/items/(?P<content_id>[1-9][0-9]{0,17})', 'PUT', array( $this, 'put' ), Sitebridge_Item_Args::put() );
	}

	/**
	 * Only signed requests come in, for a type that there is and that the mapped user may edit.
	 *
	 * @param WP_REST_Request $request What is asked.
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
	 * Contents: a page of them, or some by id.
	 *
	 * @param WP_REST_Request $request What is asked.
	 * @return array
	 */
	public function items( $request ) {
		return null === $request['include']
			? $this->reader->page( $request['type'], $request['after_id'], $request['limit'], $request['newest'] )
			: $this->reader->some( $request['type'], $request['include'] );
	}

	/**
	 * What there is, by hashes: of ranges of ids, or of the ids in some ranges.
	 *
	 * @param WP_REST_Request $request What is asked.
	 * @return array
	 */
	public function inventory( $request ) {
		$size = $request['size'];
		if ( null !== $request['in'] ) {
			return array(
				'size'  => $size,
				'items' => $this->hashes->in_ranges( $request['type'], $size, array_unique( $request['in'] ) ),
			);
		}
		$ranges = $this->hashes->ranges( $request['type'], $size );

		return array(
			'size'   => $size,
			'total'  => array_sum( array_column( $ranges, 1 ) ),
			'ranges' => $ranges,
		);
	}

	/**
	 * Writes a content.
	 *
	 * @param WP_REST_Request $request What is asked.
	 * @return WP_REST_Response|WP_Error
	 */
	public function put( $request ) {
		// From the body alone: what stands in the address as well is not meant.
		$body  = $request->get_json_params();
		$input = array_intersect_key( $request->get_params(), is_array( $body ) ? $body : $request->get_body_params(), Sitebridge_Item_Args::put() );
		$done  = $this->writer->write( (int) $request->get_url_params()['content_id'], $input );

		return is_wp_error( $done ) ? $done : new WP_REST_Response( $done, $done['created'] ? 201 : 200 );
	}

	/**
	 * Registers a route.
	 *
	 * @param string   $route   Its address.
	 * @param string   $methods Its methods.
	 * @param callable $answer  Answers.
	 * @param array    $args    Its arguments.
	 */
	private function add( $route, $methods, $answer, array $args ) {
		register_rest_route(
			Sitebridge_Rest_Routes::REST_NAMESPACE,
			$route,
			array(
				array(
					'methods'             => $methods,
					'callback'            => static function ( $request ) use ( $answer ) {
						try {
							return $answer( $request );
						} catch ( RuntimeException $error ) {
							return new WP_Error( 'sitebridge_database_failed', __( 'The database of this site could not answer.', 'sitebridge-connector' ), array( 'status' => 500 ) );
						}
					},
					'permission_callback' => array( $this, 'check_permission' ),
					'args'                => $args,
				),
				'allow_batch' => array( 'v1' => 'PUT' === $methods ),
			)
		);
	}
}
