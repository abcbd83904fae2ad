<?php
/**
 * Saves one post for the server.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * One save. The post itself is written by the REST controller of its type, so that rights, filters, slashes,
 * dates and hooks are those of any other edit; terms, meta and featured image are set here, as the
 * controller would give up at the first that is refused, with the post half saved.
 */
final class Sitebridge_Item_Save {

	/**
	 * Reads and writes meta.
	 *
	 * @var Sitebridge_Item_Fields
	 */
	private $fields;

	/**
	 * What the route was given.
	 *
	 * @var array
	 */
	private $input;

	/**
	 * Writes posts of the type.
	 *
	 * @var WP_REST_Posts_Controller
	 */
	private $controller;

	/**
	 * What the controller is asked.
	 *
	 * @var WP_REST_Request
	 */
	private $request;

	/**
	 * The post, as soon as there is one.
	 *
	 * @var WP_Post|null
	 */
	private $post;

	/**
	 * The guid of a post that is to be made; null for an update.
	 *
	 * @var string|null
	 */
	private $guid = null;

	/**
	 * The terms that it is to have, once they are needed: they are made only when nothing else is refused.
	 *
	 * @var Sitebridge_Item_Terms|null
	 */
	private $terms = null;

	/**
	 * Whether the post was completed.
	 *
	 * @var bool
	 */
	private $finished = false;

	/**
	 * What could not be done, each with `code` and `message`.
	 *
	 * @var array[]
	 */
	private $notes = array();

	/**
	 * Takes what it needs.
	 *
	 * @param Sitebridge_Item_Fields $fields Reads and writes meta.
	 * @param array                  $input  What the route was given; what is absent stays as it is.
	 * @param WP_Post|null           $post   The post that is to be updated.
	 */
	public function __construct( Sitebridge_Item_Fields $fields, array $input, $post ) {
		$controller       = get_post_type_object( $input['type'] )->get_rest_controller();
		$this->fields     = $fields;
		$this->input      = $input;
		$this->post       = $post;
		$this->controller = $controller instanceof WP_REST_Posts_Controller ? $controller : new WP_REST_Posts_Controller( $input['type'] );
		$this->request    = Sitebridge_Item_Request::of( $input, $post );
	}

	/**
	 * Whether the user may save it so.
	 *
	 * @return true|WP_Error
	 */
	public function check_permission() {
		$allowed = null === $this->post ? $this->controller->create_item_permissions_check( $this->request ) : $this->controller->update_item_permissions_check( $this->request );
		if ( true === $allowed || is_wp_error( $allowed ) ) {
			return $allowed;
		}

		return new WP_Error( 'rest_forbidden', __( 'The user that requests act as may not do this.', 'sitebridge-connector' ), array( 'status' => 403 ) );
	}

	/**
	 * Makes the post.
	 *
	 * @param string $guid Its guid, written with it.
	 * @return true|WP_Error
	 */
	public function create( $guid ) {
		$this->guid = $guid;

		return $this->run( array( $this->controller, 'create_item' ) );
	}

	/**
	 * Updates the post.
	 *
	 * @return true|WP_Error
	 */
	public function update() {
		return $this->run( array( $this->controller, 'update_item' ) );
	}

	/**
	 * The post as it was when it was saved.
	 *
	 * @return WP_Post|null
	 */
	public function post() {
		return $this->post;
	}

	/**
	 * What could not be done.
	 *
	 * @return array[]
	 */
	public function notes() {
		return $this->notes;
	}

	/**
	 * Completes what the controller has prepared. A filter.
	 *
	 * @param stdClass|WP_Error $prepared What is to be saved.
	 * @param WP_REST_Request   $request  What the controller was asked.
	 * @return stdClass|WP_Error
	 */
	public function prepare( $prepared, $request ) {
		if ( $request === $this->request && null !== $this->guid && ! is_wp_error( $prepared ) ) {
			$prepared->guid = $this->guid;
			// Core reads these two of a draft with a slug, and logs a warning where they are missing.
			$prepared->id          = 0;
			$prepared->post_parent = isset( $prepared->post_parent ) ? $prepared->post_parent : 0;
			$categories            = isset( $this->input['terms'] ) ? $this->terms()->assignable( 'category' ) : array();
			if ( array() !== $categories ) {
				// Else it would first get the default category, only to lose it again.
				$prepared->post_category = $categories;
			}
		}

		return $prepared;
	}

	/**
	 * Completes the post, before WordPress tells others that it is saved. An action.
	 *
	 * @param WP_Post         $post    The post.
	 * @param WP_REST_Request $request What the controller was asked.
	 */
	public function finish( $post, $request ) {
		if ( $request !== $this->request || $this->finished ) {
			return;
		}
		$this->finished = true;
		$this->post     = $post;
		if ( isset( $this->input['terms'] ) ) {
			$this->add_notes( $this->terms()->set( $post ) );
		}
		if ( isset( $this->input['meta'] ) ) {
			$this->add_notes( Sitebridge_Item_Meta::set( $post, $this->fields->meta_fields( $post->post_type ), $this->input['meta'] ) );
		}
		if ( isset( $this->input['featured_media'] ) ) {
			$this->add_notes( Sitebridge_Item_Meta::set_picture( $post, $this->input['featured_media'] ) );
		}
	}

	/**
	 * Has the controller save the post.
	 *
	 * @param callable $controller Its method.
	 * @return true|WP_Error
	 */
	private function run( $controller ) {
		$type = $this->input['type'];
		add_filter( "rest_pre_insert_{$type}", array( $this, 'prepare' ), 10, 2 );
		add_action( "rest_insert_{$type}", array( $this, 'finish' ), 1, 2 );
		try {
			$answer = call_user_func( $controller, $this->request );
		} finally {
			remove_filter( "rest_pre_insert_{$type}", array( $this, 'prepare' ) );
			remove_action( "rest_insert_{$type}", array( $this, 'finish' ), 1 );
		}
		if ( is_wp_error( $answer ) ) {
			return $answer;
		}
		$data = $answer->get_data();
		$post = isset( $data['id'] ) ? get_post( $data['id'] ) : null;
		if ( ! $post instanceof WP_Post ) {
			return new WP_Error( 'sitebridge_not_saved', __( 'WordPress did not save the post.', 'sitebridge-connector' ), array( 'status' => 500 ) );
		}
		// For a controller that leaves the action out.
		$this->finish( $post, $this->request );

		return true;
	}

	/**
	 * The terms that the post is to have.
	 *
	 * @return Sitebridge_Item_Terms
	 */
	private function terms() {
		if ( null === $this->terms ) {
			$this->terms = new Sitebridge_Item_Terms( $this->fields->taxonomies( $this->input['type'] ), $this->input['terms'] );
		}

		return $this->terms;
	}

	/**
	 * Notes what could not be done.
	 *
	 * @param array[] $notes Each with `code` and `message`.
	 */
	private function add_notes( array $notes ) {
		$this->notes = array_merge( $this->notes, $notes );
	}
}
